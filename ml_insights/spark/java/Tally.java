package ml_insights;

import java.math.BigInteger;

/**
 * Counters by a key of two numbers: a hash table that neither boxes nor chains.
 */
public final class Tally {
  public final int width;
  public int size;

  private long[] first;
  private long[] second;
  private long[] counters;
  private boolean[] used;

  public Tally(int width) {
    this.width = width;
    clear();
  }

  public void clear() {
    allocate(1024);
  }

  private void allocate(int slots) {
    first = new long[slots];
    second = new long[slots];
    counters = new long[slots * width];
    used = new boolean[slots];
    size = 0;
  }

  /** Slot of the key, which is new with counters of zero if it was not there. */
  public int slot(long one, long two) {
    if (2 * size >= used.length) {
      grow();
    }
    long hash = (one * 0x9E3779B97F4A7C15L ^ two) * 0xC2B2AE3D27D4EB4FL;
    int at = (int) (hash >>> 33) & (used.length - 1);
    while (used[at] && (first[at] != one || second[at] != two)) {
      at = (at + 1) & (used.length - 1);
    }
    if (!used[at]) {
      used[at] = true;
      first[at] = one;
      second[at] = two;
      size++;
    }
    return at;
  }

  private void grow() {
    long[] ones = first;
    long[] twos = second;
    long[] old = counters;
    boolean[] held = used;
    allocate(2 * held.length);
    for (int i = 0; i < held.length; i++) {
      if (held[i]) {
        System.arraycopy(old, i * width, counters, slot(ones[i], twos[i]) * width, width);
      }
    }
  }

  public void add(int slot, int counter, long number) {
    counters[slot * width + counter] += number;
  }

  /** Adds a product of numbers that are not negative to a sum of 128 bits, which two counters hold. */
  public void addProduct(int slot, int counter, long one, long other) {
    int low = slot * width + counter;
    long product = one * other;
    counters[low] += product;
    boolean carry = Long.compareUnsigned(counters[low], product) < 0;
    counters[low + 1] += Math.multiplyHigh(one, other) + (carry ? 1 : 0);
  }

  /** A sum of 128 bits. */
  public BigInteger sum(int slot, int counter) {
    long low = get(slot, counter);
    BigInteger sum = BigInteger.valueOf(get(slot, counter + 1)).shiftLeft(64);
    return sum.add(BigInteger.valueOf(low >>> 1).shiftLeft(1)).add(BigInteger.valueOf(low & 1));
  }

  /** Number of slots; some hold no key. */
  public int slots() {
    return used.length;
  }

  public boolean holds(int slot) {
    return used[slot];
  }

  public long first(int slot) {
    return first[slot];
  }

  public long second(int slot) {
    return second[slot];
  }

  public long get(int slot, int counter) {
    return counters[slot * width + counter];
  }
}
