package ml_insights;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.spark.SparkEnv;
import org.apache.spark.serializer.SerializerManager;
import org.apache.spark.storage.TempLocalBlockId;
import scala.Tuple2;

/**
 * Records in order in a temporary file of Spark's, compressed and encrypted as its own ones are.
 */
public final class RunOnDisk extends Run {
  private static final int BUFFER = 1 << 15;

  private final TempLocalBlockId id;
  private final File file;
  private final Packed record = new Packed();
  private long left;
  private DataInputStream input;

  /** Writes a run. */
  public RunOnDisk() {
    Tuple2 created = SparkEnv.get().blockManager().diskBlockManager().createTempLocalBlock();
    id = (TempLocalBlockId) created._1();
    file = (File) created._2();
    bytes = new byte[256];
  }

  public void write(Run run) throws IOException {
    OutputStream plain = new BufferedOutputStream(new FileOutputStream(file), BUFFER);
    DataOutputStream output = new DataOutputStream(plain);
    try {
      output = new DataOutputStream(streams().wrapStream(id, plain));
      while (run.advance()) {
        output.writeInt(run.to - run.from);
        output.write(run.bytes, run.from, run.to - run.from);
        left++;
      }
    } finally {
      output.close();
    }
  }

  public boolean advance() throws IOException {
    if (left == 0) {
      return false;
    }
    if (input == null) {
      InputStream plain = new BufferedInputStream(new FileInputStream(file), BUFFER);
      input = new DataInputStream(plain);
      input = new DataInputStream(streams().wrapStream(id, plain));
    }
    to = input.readInt();
    if (to + Packed.SLACK > bytes.length) {
      bytes = new byte[2 * to + Packed.SLACK];
    }
    input.readFully(bytes, 0, to);
    record.set(bytes, 0);
    rank = record.rank();
    left--;
    return true;
  }

  /** Bytes of the file. */
  public long size() {
    return file.length();
  }

  /** Deletes the file. */
  public void delete() {
    try {
      if (input != null) {
        input.close();
      }
    } catch (IOException error) {
      // It was read only: nothing is lost.
    } finally {
      file.delete();
    }
  }

  private static SerializerManager streams() {
    return SparkEnv.get().serializerManager();
  }
}
