package ml_insights;

import java.util.ArrayDeque;
import java.util.Arrays;
import org.apache.spark.sql.catalyst.expressions.codegen.UnsafeRowWriter;
import scala.Tuple2;

/**
 * Records of a task, packed by the partition that their events go to.
 *
 * What belongs here: which partition an event goes to, and when a block is full. Spark then moves a
 * row for many records. What does not: what a record says.
 */
public final class Blocks {
  /** What a block may have: `HeldRecords` has so many bits for a position in it. */
  public static final int MOST_BYTES = 1 << 16;

  private final byte[][] blocks;
  private final int[] used;
  private final int blockBytes;
  private final Packed record = new Packed();
  private final Packed length = new Packed();
  private final ArrayDeque full = new ArrayDeque();
  private int target;
  private int given;

  /** @param blockBytes size of a block, at most `MOST_BYTES`; a larger record has one of its own. */
  public Blocks(int targets, int blockBytes) {
    blocks = new byte[targets][];
    used = new int[targets];
    this.blockBytes = blockBytes;
    given = targets;
  }

  /** Begins a record; what is written to the result until `end` is the rest of it. */
  public Packed begin(byte[] event, int place) {
    // Other bits of the hash than those that are the rank.
    long hash = Packed.hash(event, 0, event.length) & 0xFFFFFFFFL;
    target = (int) (hash * blocks.length >>> 32);
    record.at = 0;
    record.write(event);
    record.write((long) place);
    return record;
  }

  public void end() {
    length.at = 0;
    length.write((long) record.at);
    int size = length.at + record.at;
    if (used[target] + size + Packed.SLACK > blockBytes) {
      give(target);
    }
    if (size + Packed.SLACK > blockBytes) {
      byte[] own = Arrays.copyOf(length.bytes, size + Packed.SLACK);
      System.arraycopy(record.bytes, 0, own, length.at, record.at);
      full.add(row(target, own, own.length));
      return;
    }
    if (blocks[target] == null) {
      blocks[target] = new byte[blockBytes];
    }
    System.arraycopy(length.bytes, 0, blocks[target], used[target], length.at);
    System.arraycopy(record.bytes, 0, blocks[target], used[target] + length.at, record.at);
    used[target] += size;
  }

  /** There will be no further record: blocks are given away as they are. */
  public void finish() {
    given = 0;
  }

  /** Next block and its partition, or null. */
  public Object take() {
    while (full.isEmpty() && given < blocks.length) {
      give(given++);
    }
    return full.poll();
  }

  private void give(int target) {
    if (used[target] > 0) {
      full.add(row(target, blocks[target], used[target] + Packed.SLACK));
      used[target] = 0;
    }
  }

  private static Tuple2 row(int target, byte[] block, int size) {
    UnsafeRowWriter writer = new UnsafeRowWriter(1, size);
    writer.resetRowWriter();
    writer.write(0, block, 0, size);
    return new Tuple2(Integer.valueOf(target), writer.getRow());
  }
}
