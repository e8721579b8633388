package ml_insights;

import java.util.Arrays;

/**
 * The distinct predictions of an event, which come in the order of `Prediction`.
 *
 * What belongs here: what is a duplicate, and that an event whose variant says different things is
 * ambiguous. Of an ambiguous event only the last prediction is held: no label is used for it, so the
 * others are counted at once, and an id that millions of predictions share needs no memory.
 */
public final class EventPredictions {
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

  public void add(Prediction given) {
    grid.place(given.score);
    if (size > 0 && place[size - 1] == given.place && index[size - 1] == given.index) {
      int last = size - 1;
      boolean same = of[last] == given.of && time == given.time
          && slice[last] == given.slice && amount[last] == given.amount;
      ambiguous = ambiguous || !same || score != given.score;
      if (same && bin[last] == grid.index && offset[last] == grid.offset) {
        copies[last]++;
        score = given.score;
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
    place[size] = given.place;
    index[size] = given.index;
    of[size] = given.of;
    slice[size] = given.slice;
    amount[size] = given.amount;
    bin[size] = grid.index;
    offset[size] = grid.offset;
    copies[size] = 1;
    size++;
    time = given.time;
    score = given.score;
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
