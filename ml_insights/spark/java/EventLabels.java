package ml_insights;

import java.util.Arrays;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * Which of several label records of an event counts: `ground_truth.one_per_event`, one at a time.
 *
 * The record in the last object counts. Records of one object that disagree cancel each other. What
 * was added is a record again, which may be added elsewhere: its columns are those of `label` in
 * `native_counts.py`.
 */
public final class EventLabels {
  /** Code of a label that the record leaves out. */
  public static final int MISSING = Integer.MIN_VALUE;

  /** Records; labels in all of them; time of the newest object. */
  public long records;
  public long entries;
  public long newest;

  /** Whether the last object was collected today. */
  public boolean today;

  private int[] codes;
  private byte[] object;
  private long entriesOfObject;

  public void clear() {
    records = 0;
    entries = 0;
    newest = 0;
    object = null;
  }

  public void add(InternalRow label) {
    int[] codesOfLabel = label.isNullAt(0) ? null : codes(label.getArray(0));
    byte[] source = label.getUTF8String(3).getBytes();
    int order = object == null ? 1 : Arrays.compareUnsigned(source, object);
    newest = Math.max(newest, label.getLong(2));
    records += label.getLong(6);
    entries += label.getLong(7);
    if (order > 0) {
      object = source;
      today = label.getBoolean(1);
      codes = codesOfLabel;
      entriesOfObject = label.getLong(8);
    } else if (order == 0) {
      codes = codes != null && Arrays.equals(codes, codesOfLabel) ? codes : null;
      entriesOfObject += label.getLong(8);
    }
  }

  /** All that was added, as one record. */
  public InternalRow record() {
    Object[] row = new Object[9];
    row[0] = codes == null ? null : array(codes);
    row[1] = Boolean.valueOf(today);
    row[2] = Long.valueOf(newest);
    row[3] = UTF8String.fromBytes(object);
    row[6] = Long.valueOf(records);
    row[7] = Long.valueOf(entries);
    row[8] = Long.valueOf(entriesOfObject);
    return new GenericInternalRow(row);
  }

  /** The labels that count; null where records cancel each other. */
  public int[] counting() {
    return codes;
  }

  /** Number of labels in the records that count, or that cancel each other. */
  public long size() {
    return codes != null ? codes.length : entriesOfObject;
  }

  private static int[] codes(ArrayData labels) {
    int[] codes = new int[labels.numElements()];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = labels.isNullAt(i) ? MISSING : labels.getInt(i);
    }
    return codes;
  }

  private static GenericArrayData array(int[] codes) {
    Object[] labels = new Object[codes.length];
    for (int i = 0; i < codes.length; i++) {
      labels[i] = codes[i] == MISSING ? null : Integer.valueOf(codes[i]);
    }
    return new GenericArrayData(labels);
  }
}
