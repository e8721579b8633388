package ml_insights;

import java.util.ArrayList;
import java.util.Arrays;

/**
 * Records in memory: blocks as they came, and a number for each record that is sorted in its place.
 *
 * The number is the rank of the record's event, its block, and the position there. So sorting moves
 * no bytes and reads them only where ranks are the same.
 */
public final class HeldRecords extends Run {
  private static final int POSITION_BITS = 16;
  private static final int BLOCK_BITS = 64 - Packed.RANK_BITS - POSITION_BITS;
  private static final int FEW = 8;
  private static final int AHEAD = 64;

  private final ArrayList blocks = new ArrayList();
  private final Packed cursor = new Packed();
  private long[] numbers = new long[1 << 12];
  private long[] half = new long[0];
  private int size;
  private int at;
  private int sorted;
  private int touched;

  /** Of bytes that were read to have them near; nobody asks for it. */
  private int sum;

  /** Behind the record that the cursor is in. */
  private int end;

  /** Takes a block; returns how many bytes more are held now. */
  public long add(byte[] block) {
    int before = size;
    int last = block.length - Packed.SLACK;
    cursor.set(block, 0);
    while (cursor.at < last) {
      int start = cursor.at;
      int length = (int) cursor.number();
      if (size == numbers.length) {
        numbers = Arrays.copyOf(numbers, 2 * size);
      }
      long place = (long) blocks.size() << POSITION_BITS | start;
      numbers[size++] = cursor.rank() << (64 - Packed.RANK_BITS) | place;
      cursor.at += length;
    }
    blocks.add(block);
    return block.length + 16L * (size - before);
  }

  /** Whether there is a number for no further block. */
  public boolean full() {
    return blocks.size() == 1 << BLOCK_BITS;
  }

  /** Begins to give records in order. */
  public void sort() {
    Arrays.sort(numbers, 0, size);
  }

  public boolean advance() {
    if (at == size) {
      return false;
    }
    if (at == touched) {
      touch();
    }
    if (at == sorted) {
      sorted = at + 1;
      while (sorted < size && rank(numbers[sorted]) == rank(numbers[at])) {
        sorted++;
      }
      sort(at, sorted);
    }
    rank = rank(numbers[at]);
    find(numbers[at++]);
    bytes = cursor.bytes;
    from = cursor.at;
    to = end;
    return true;
  }

  /** Reads a byte of each of the next records: memory is waited for together, not each in turn. */
  private void touch() {
    int to = Math.min(size, touched + AHEAD);
    for (int i = touched; i < to; i++) {
      sum += block(numbers[i])[position(numbers[i])];
    }
    touched = to;
  }

  private byte[] block(long number) {
    return (byte[]) blocks.get((int) (number >>> POSITION_BITS) & ((1 << BLOCK_BITS) - 1));
  }

  private static int position(long number) {
    return (int) number & ((1 << POSITION_BITS) - 1);
  }

  private static long rank(long number) {
    return number >> (64 - Packed.RANK_BITS);
  }

  /** Points the cursor at a record. */
  private void find(long number) {
    cursor.set(block(number), position(number));
    int length = (int) cursor.number();
    end = cursor.at + length;
  }

  /** Merges halves, which are sorted first; few records are sorted by insertion. */
  private void sort(int first, int last) {
    if (last - first <= FEW) {
      insert(first, last);
      return;
    }
    int middle = (first + last) >>> 1;
    sort(first, middle);
    sort(middle, last);
    int left = middle - first;
    half = half.length < left ? new long[left] : half;
    System.arraycopy(numbers, first, half, 0, left);
    int one = 0;
    int other = middle;
    for (int to = first; one < left; to++) {
      boolean second = other < last && order(numbers[other], half[one]) < 0;
      numbers[to] = second ? numbers[other++] : half[one++];
    }
  }

  private void insert(int first, int last) {
    for (int i = first + 1; i < last; i++) {
      long number = numbers[i];
      int to = i;
      while (to > first && order(number, numbers[to - 1]) < 0) {
        numbers[to] = numbers[to - 1];
        to--;
      }
      numbers[to] = number;
    }
  }

  /** Of records of one rank. */
  private int order(long one, long other) {
    find(one);
    byte[] bytesOfOne = cursor.bytes;
    int fromOfOne = cursor.at;
    int toOfOne = end;
    find(other);
    return Arrays.compareUnsigned(bytesOfOne, fromOfOne, toOfOne, cursor.bytes, cursor.at, end);
  }
}
