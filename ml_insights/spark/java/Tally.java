package ml_insights;

import java.math.BigInteger;

/**
 * Counters by a key of two numbers, the second not negative: a hash table that neither boxes nor
 * chains. A slot's key and counters lie side by side, so that one look into memory finds them.
 */
public final class Tally {
  private static final int KEY = 2;

  public final int width;
  public int size;

  private final int stride;
  private int slots;

  /** By slot: the second number and 1, or 0 where there is none; the first; counters. */
  private long[] table;

  public Tally(int width) {
    this.width = width;
    stride = KEY + width;
    clear();
  }

  public void clear() {
    allocate(1024);
  }

  private void allocate(int slots) {
    this.slots = slots;
    table = new long[slots * stride];
    size = 0;
  }

  /** Slot of the key, which is new with counters of zero if it was not there. */
  public int slot(long one, long two) {
    if (2 * size >= slots) {
      grow();
    }
    long hash = (one * 0x9E3779B97F4A7C15L ^ two) * 0xC2B2AE3D27D4EB4FL;
    int slot = (int) (hash >>> 33) & (slots - 1);
    int at = slot * stride;
    while (table[at] != 0 && (table[at] != two + 1 || table[at + 1] != one)) {
      slot = (slot + 1) & (slots - 1);
      at = slot * stride;
    }
    if (table[at] == 0) {
      table[at] = two + 1;
      table[at + 1] = one;
      size++;
    }
    return slot;
  }

  private void grow() {
    long[] old = table;
    int before = slots;
    allocate(2 * before);
    for (int i = 0; i < before; i++) {
      int from = i * stride;
      if (old[from] != 0) {
        int to = slot(old[from + 1], old[from] - 1) * stride;
        System.arraycopy(old, from + KEY, table, to + KEY, width);
      }
    }
  }

  public void add(int slot, int counter, long number) {
    table[slot * stride + KEY + counter] += number;
  }

  /** Adds a product of numbers that are not negative to a sum of 128 bits, which two counters hold. */
  public void addProduct(int slot, int counter, long one, long other) {
    int low = slot * stride + KEY + counter;
    long product = one * other;
    table[low] += product;
    boolean carry = Long.compareUnsigned(table[low], product) < 0;
    table[low + 1] += Math.multiplyHigh(one, other) + (carry ? 1 : 0);
  }

  /** A sum of 128 bits. */
  public BigInteger sum(int slot, int counter) {
    long low = get(slot, counter);
    BigInteger sum = BigInteger.valueOf(get(slot, counter + 1)).shiftLeft(64);
    return sum.add(BigInteger.valueOf(low >>> 1).shiftLeft(1)).add(BigInteger.valueOf(low & 1));
  }

  /** Number of slots; some hold no key. */
  public int slots() {
    return slots;
  }

  public boolean holds(int slot) {
    return table[slot * stride] != 0;
  }

  public long first(int slot) {
    return table[slot * stride + 1];
  }

  public long second(int slot) {
    return table[slot * stride] - 1;
  }

  public long get(int slot, int counter) {
    return table[slot * stride + KEY + counter];
  }
}
