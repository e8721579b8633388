package ml_insights;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.FutureDataInputStreamBuilder;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;
import org.apache.spark.unsafe.Platform;

/**
 * The lines of a slice of a file, in one large buffer that is reused from file to file.
 *
 * What belongs here: bytes, codecs, where lines end; as Spark's text reader with `lineSep="\n"`. What
 * does not: what a line holds. A line belongs to the slice in which its first byte is. In the buffer
 * a line feed stands after the last byte, so that a scanner of lines stops there.
 */
public final class Lines implements Closeable {
  private static final int BLOCK = 1 << 18;
  private static final long FEEDS = 0x0a0a0a0a0a0a0a0aL;

  private final Configuration configuration;
  private InputStream stream;
  private boolean finished;
  private long offset;
  private long sliceEnd;
  private int limit;

  /** The buffer, and the position of the next line in it. */
  public byte[] bytes = new byte[BLOCK + JsonScanner.SLACK];
  public int from;

  public Lines(Configuration configuration) {
    this.configuration = configuration;
  }

  /** Starts a slice. */
  public void open(FileSlice slice) throws IOException {
    close();
    Path path = new Path(slice.uri());
    CompressionCodec codec = new CompressionCodecFactory(configuration).getCodec(path);
    FSDataInputStream file = opened(path);
    stream = codec == null ? file : codec.createInputStream(file);
    finished = false;
    from = 0;
    limit = 0;
    offset = 0;
    sliceEnd = codec == null ? slice.start + slice.length : Long.MAX_VALUE;
    if (slice.start > 0) {
      // The byte before tells whether a line starts here.
      offset = slice.start - 1;
      file.seek(offset);
      more();
      int end = lineEnd();
      while (!whole(end)) {
        end = lineEnd();
      }
      next(end);
    } else {
      more();
      from = limit >= 3 && bytes[0] == -17 && bytes[1] == -69 && bytes[2] == -65 ? 3 : 0;
    }
  }

  private FSDataInputStream opened(Path path) throws IOException {
    FileSystem files = path.getFileSystem(configuration);
    FutureDataInputStreamBuilder builder = files.openFile(path);
    builder.opt("fs.option.openfile.read.policy", "sequential");
    try {
      return (FSDataInputStream) builder.build().get();
    } catch (InterruptedException interrupted) {
      throw new java.io.InterruptedIOException(interrupted.getMessage());
    } catch (java.util.concurrent.ExecutionException failed) {
      throw failed.getCause() instanceof IOException
          ? (IOException) failed.getCause() : new IOException(failed.getCause());
    }
  }

  /** Whether there is a line, or the start of one, at `from`. */
  public boolean hasNext() throws IOException {
    while (from == limit && !finished) {
      more();
    }
    return from < limit && offset + from < sliceEnd;
  }

  /** Whether a line that ends at this position is there as a whole; else reads on, and moves it. */
  public boolean whole(int end) throws IOException {
    if (end < limit || finished) {
      return true;
    }
    more();
    return false;
  }

  /** Position of the line feed that ends the next line, or of the one behind what is read. */
  public int lineEnd() {
    int i = from;
    while (i + 8 <= bytes.length) {
      long word = Platform.getLong(bytes, (long) (Platform.BYTE_ARRAY_OFFSET + i)) ^ FEEDS;
      if (((word - 0x0101010101010101L) & ~word & 0x8080808080808080L) != 0) {
        break;
      }
      i += 8;
    }
    while (bytes[i] != '\n') {
      i++;
    }
    return i;
  }

  /** Goes on behind the line that ends there. */
  public void next(int end) {
    from = Math.min(end + 1, limit);
  }

  /** Fills the buffer: moves what is left to its start; it grows for a line longer than half. */
  private void more() throws IOException {
    int left = limit - from;
    if (left > (bytes.length - JsonScanner.SLACK) / 2) {
      bytes = Arrays.copyOf(bytes, Math.multiplyExact(2, bytes.length));
    }
    System.arraycopy(bytes, from, bytes, 0, left);
    offset += from;
    from = 0;
    limit = left;
    int room = bytes.length - JsonScanner.SLACK;
    while (limit < room && !finished) {
      int read = stream.read(bytes, limit, room - limit);
      finished = read < 0;
      limit += Math.max(read, 0);
    }
    bytes[limit] = '\n';
  }

  public void close() throws IOException {
    if (stream != null) {
      stream.close();
      stream = null;
    }
  }
}
