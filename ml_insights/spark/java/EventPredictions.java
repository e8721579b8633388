package ml_insights;

import java.util.Arrays;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * The distinct predictions of an event, in order of place, index, time, slice, amount and score.
 *
 * What belongs here: what is a duplicate, and that an event whose variant says different things is
 * ambiguous. Of an ambiguous event only the last prediction is held: no label is used for it, so the
 * others are counted at once, and an id that millions of predictions share needs no memory.
 */
public final class EventPredictions {
  /** No amount is below 0. */
  public static final long NO_AMOUNT = -1L;

  public int size;
  public boolean any;
  public boolean ambiguous;

  /** Variant and class; index of the prediction and how many its record has; slice; amount; bin; copies. */
  public int[] place = new int[8];
  public int[] index = new int[8];
  public int[] of = new int[8];
  public long[] slice = new long[8];
  public long[] amount = new long[8];
  public int[] bin = new int[8];
  public long[] offset = new long[8];
  public long[] copies = new long[8];

  private final ScoreGrid grid;
  private final Counts counts;
  private boolean timed;
  private long time;
  private double score;

  public EventPredictions(ScoreGrid grid, Counts counts) {
    this.grid = grid;
    this.counts = counts;
  }

  public void clear() {
    size = 0;
    any = false;
    ambiguous = false;
  }

  public void add(InternalRow row) {
    int ofRow = row.getInt(1);
    long position = row.getLong(2);
    boolean timedRow = !row.isNullAt(3);
    long timeOfRow = timedRow ? row.getLong(3) : 0L;
    long sliceOfRow = row.getLong(4);
    double scoreOfRow = row.getDouble(5) + 0.0;
    long amountOfRow = !counts.amounts || row.isNullAt(7) ? NO_AMOUNT : row.getLong(7);
    int indexOfRow = (int) (position >>> 32);
    int number = (int) position;
    grid.place(scoreOfRow);
    if (size > 0 && place[size - 1] == ofRow && index[size - 1] == indexOfRow) {
      int last = size - 1;
      boolean same = of[last] == number && timed == timedRow && time == timeOfRow
          && slice[last] == sliceOfRow && amount[last] == amountOfRow;
      ambiguous = ambiguous || !same || score != scoreOfRow;
      if (same && bin[last] == grid.index && offset[last] == grid.offset) {
        copies[last]++;
        score = scoreOfRow;
        return;
      }
    }
    if (ambiguous) {
      counts.addUnlabelled(this);
      size = 0;
    }
    if (size == place.length) {
      grow();
    }
    any = true;
    place[size] = ofRow;
    index[size] = indexOfRow;
    of[size] = number;
    slice[size] = sliceOfRow;
    amount[size] = amountOfRow;
    bin[size] = grid.index;
    offset[size] = grid.offset;
    copies[size] = 1;
    size++;
    timed = timedRow;
    time = timeOfRow;
    score = scoreOfRow;
  }

  /** Position of the prediction with this place and index, or -1. */
  public int find(int placeOf, int indexOf) {
    int low = 0;
    int high = size - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = place[middle] != placeOf
          ? Integer.compare(place[middle], placeOf)
          : Integer.compare(index[middle], indexOf);
      if (order == 0) {
        return middle;
      }
      low = order < 0 ? middle + 1 : low;
      high = order < 0 ? high : middle - 1;
    }
    return -1;
  }

  private void grow() {
    int length = 2 * size;
    place = Arrays.copyOf(place, length);
    index = Arrays.copyOf(index, length);
    of = Arrays.copyOf(of, length);
    slice = Arrays.copyOf(slice, length);
    amount = Arrays.copyOf(amount, length);
    bin = Arrays.copyOf(bin, length);
    offset = Arrays.copyOf(offset, length);
    copies = Arrays.copyOf(copies, length);
  }
}
