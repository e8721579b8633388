package ml_insights;

import java.io.IOException;
import java.util.Arrays;

/**
 * Records in order, one after the other: by rank of their events, then as bytes.
 *
 * So records of an event are together, predictions before labels, copies beside each other.
 */
public abstract class Run {
  /** The record, from the length of its event on. */
  public byte[] bytes;
  public int from;
  public int to;

  public long rank;

  /** Moves to the next record; false if there is none. */
  public abstract boolean advance() throws IOException;

  public final int order(Run other) {
    return rank != other.rank
        ? Long.compare(rank, other.rank)
        : Arrays.compareUnsigned(bytes, from, to, other.bytes, other.from, other.to);
  }
}
