package ml_insights;

import java.util.Arrays;
import org.apache.spark.sql.catalyst.expressions.XXH64;
import org.apache.spark.unsafe.Platform;

/**
 * Bytes that are written or read from a position on: the form of records between stages.
 *
 * What belongs here: numbers and texts as bytes, and what an event is called. What does not: which
 * of them a record has (`Prediction`, `EventLabels`).
 *
 * A number is its size, 0 to 8, and as many bytes, the most significant first: so small ones are
 * short, and records compare as bytes as they do number by number (without a sign). After the last
 * byte that is read there are `SLACK` more, for numbers are read 8 bytes at a time.
 */
public final class Packed {
  public static final int SLACK = 8;

  /** Bits of an event's hash that are its rank, the first thing that records are sorted by. */
  public static final int RANK_BITS = 28;

  private static final long SEED = 42L;
  private static final boolean LITTLE_ENDIAN =
      java.nio.ByteOrder.nativeOrder() == java.nio.ByteOrder.LITTLE_ENDIAN;

  public byte[] bytes = new byte[256];
  public int at;

  public void set(byte[] bytes, int at) {
    this.bytes = bytes;
    this.at = at;
  }

  public void write(long number) {
    reserve(1);
    int size = 8 - (Long.numberOfLeadingZeros(number) >>> 3);
    bytes[at++] = (byte) size;
    // A shift by 64 is none, and the number then 0.
    put(number << (64 - 8 * size));
    at += size;
  }

  public long number() {
    int size = bytes[at++];
    long number = size == 0 ? 0L : get() >>> (64 - 8 * size);
    at += size;
    return number;
  }

  /** A number of always 8 bytes. */
  public void writeWord(long word) {
    reserve(8);
    put(word);
    at += 8;
  }

  public long word() {
    long word = get();
    at += 8;
    return word;
  }

  public void write(byte[] text) {
    write((long) text.length);
    reserve(text.length);
    System.arraycopy(text, 0, bytes, at, text.length);
    at += text.length;
  }

  public byte[] text() {
    int size = (int) number();
    at += size;
    return Arrays.copyOfRange(bytes, at - size, at);
  }

  /** Hash of a text, the same on all machines. */
  public static long hash(byte[] bytes, int from, int size) {
    return XXH64.hashUnsafeBytes(bytes, (long) (Platform.BYTE_ARRAY_OFFSET + from), size, SEED);
  }

  /** Rank of the text that comes next, which is not read. */
  public long rank() {
    int start = at;
    int size = (int) number();
    long rank = hash(bytes, at, size) >> (64 - RANK_BITS);
    at = start;
    return rank;
  }

  private void reserve(int more) {
    if (at + more + SLACK > bytes.length) {
      bytes = Arrays.copyOf(bytes, 2 * (at + more + SLACK));
    }
  }

  private void put(long word) {
    Platform.putLong(bytes, (long) (Platform.BYTE_ARRAY_OFFSET + at), bigEndian(word));
  }

  private long get() {
    return bigEndian(Platform.getLong(bytes, (long) (Platform.BYTE_ARRAY_OFFSET + at)));
  }

  private static long bigEndian(long word) {
    return LITTLE_ENDIAN ? Long.reverseBytes(word) : word;
  }
}
