package ml_insights;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Arrays;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.catalyst.expressions.SpecificInternalRow;
import org.apache.spark.unsafe.types.UTF8String;
import org.apache.spark.util.CollectionAccumulator;

/**
 * From the lines of a task's files to rows: what a scanner reads becomes rows, any other line a row
 * of its own with the line as it is.
 *
 * What belongs here: the walk over files and lines, and its counts, which are taken before anything
 * is read: of each tag lines, records that were read, and their predictions or labels.
 */
public abstract class RecordReader implements PartitionReader {
  private static final int COUNTS = 3;

  protected final SpecificInternalRow row;
  protected FileSlice slice;

  private final Lines lines;
  private final FileGroup group;
  private final CollectionAccumulator told;
  private final long[] counts;
  private int next;
  private int rows;
  private int rowsOfRecord;
  private boolean reported;

  /** @param told gets the counts when all is read, see `TaskReports`. */
  protected RecordReader(JsonNode spec, Lines lines, FileGroup group, CollectionAccumulator told) {
    this.row = new SpecificInternalRow(StructType.fromDDL(spec.get("columns").asText()));
    this.lines = lines;
    this.group = group;
    this.told = told;
    this.counts = new long[COUNTS * spec.get("tags").size()];
  }

  /** Reads the line that starts here; position of its line feed, or -1 if it is not understood. */
  protected abstract int read(byte[] bytes, int from);

  /** Rows to give after the last record. */
  protected abstract int rows();

  /** Rows to give when the files of a tag end. */
  protected int rest() {
    return 0;
  }

  /** Predictions, or labels, that the last record holds. */
  protected abstract int entries();

  /** Fills the row with this number. */
  protected abstract void fill(int number);

  /** Fills the row of a line that is not understood. */
  protected abstract void fillUnread(UTF8String line);

  /** What the task tells beside its counts; null for nothing. */
  protected String said() {
    return null;
  }

  /** Called when a file starts. */
  protected abstract void start(FileSlice slice);

  public Object get() {
    return row;
  }

  public boolean next() throws IOException {
    try {
      return advanced();
    } catch (IOException failed) {
      // Spark's own words, by which `failures.py` finds the file.
      throw new IOException("Encountered error while reading file " + slice.uri() + ".", failed);
    }
  }

  private boolean advanced() throws IOException {
    while (rows == rowsOfRecord) {
      if (slice != null && lines.hasNext()) {
        if (!line()) {
          return true;
        }
      } else if (slice != null && tagEnds() && rest() > 0) {
        rowsOfRecord = rest();
        rows = 0;
      } else if (next == group.slices.length) {
        report();
        return false;
      } else {
        slice = group.slices[next++];
        lines.open(slice);
        start(slice);
      }
    }
    fill(rows++);
    return true;
  }

  private boolean tagEnds() {
    return next == group.slices.length || group.slices[next].tag != slice.tag;
  }

  /** Reads a line; whether it was understood. Of one that was not the row is filled. */
  private boolean line() throws IOException {
    int end;
    boolean understood;
    do {
      end = read(lines.bytes, lines.from);
      understood = end >= 0;
      end = understood ? end : lines.lineEnd();
    } while (!lines.whole(end));
    counts[COUNTS * slice.tag]++;
    if (understood) {
      counts[COUNTS * slice.tag + 1]++;
      counts[COUNTS * slice.tag + 2] += entries();
      rowsOfRecord = rows();
      rows = 0;
    } else {
      fillUnread(UTF8String.fromBytes(Arrays.copyOfRange(lines.bytes, lines.from, end)));
    }
    lines.next(end);
    return understood;
  }

  private void report() {
    if (!reported) {
      TaskReports.tell(told, group.number, counts, said());
      reported = true;
    }
  }

  public void close() throws IOException {
    lines.close();
  }
}
