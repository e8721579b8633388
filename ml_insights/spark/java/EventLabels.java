package ml_insights;

import java.util.Arrays;
import org.apache.spark.sql.catalyst.util.ArrayData;

/**
 * Which of several label records of an event counts: `ground_truth.one_per_event`, one at a time.
 *
 * The record in the last object counts. Records of one object that disagree cancel each other.
 */
public final class EventLabels {
  /** Code of a label that the record leaves out. */
  public static final int MISSING = Integer.MIN_VALUE;

  /** Number of records; labels in all of them; whether the last object was collected today. */
  public int records;
  public long entries;
  public boolean today;

  private int[] codes;
  private boolean agree;
  private byte[] object;
  private long entriesOfObject;

  public void clear() {
    records = 0;
    entries = 0;
    object = null;
  }

  public void add(ArrayData labels, byte[] source, boolean collectedToday) {
    int order = object == null ? 1 : Arrays.compareUnsigned(source, object);
    records++;
    entries += labels.numElements();
    if (order > 0) {
      object = source;
      today = collectedToday;
      codes = codes(labels);
      agree = true;
      entriesOfObject = codes.length;
    } else if (order == 0) {
      agree = agree && Arrays.equals(codes, codes(labels));
      entriesOfObject += labels.numElements();
    }
  }

  /** The labels that count; null where records cancel each other. */
  public int[] counting() {
    return agree ? codes : null;
  }

  /** Number of labels in the records that count, or that cancel each other. */
  public long size() {
    return agree ? codes.length : entriesOfObject;
  }

  private static int[] codes(ArrayData labels) {
    int[] codes = new int[labels.numElements()];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = labels.isNullAt(i) ? MISSING : labels.getInt(i);
    }
    return codes;
  }
}
