package ml_insights;

import java.util.Arrays;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;

/**
 * Which of several label records of an event counts: `ground_truth.one_per_event`, one at a time.
 *
 * The record in the last object counts. Records of one object that disagree cancel each other. What
 * was added is a record again, which may be added elsewhere.
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

  /** Takes the columns after the event of `native_counts._label_rows`: one record. */
  public void set(InternalRow row) {
    ArrayData labels = row.getArray(1);
    codes = new int[labels.numElements()];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = labels.isNullAt(i) ? MISSING : labels.getInt(i);
    }
    today = row.getBoolean(2);
    newest = row.getLong(3);
    object = row.getUTF8String(4).getBytes();
    records = 1;
    entries = codes.length;
    entriesOfObject = codes.length;
  }

  public void add(EventLabels other) {
    int order = object == null ? 1 : Arrays.compareUnsigned(other.object, object);
    newest = Math.max(newest, other.newest);
    records += other.records;
    entries += other.entries;
    if (order > 0) {
      object = other.object;
      today = other.today;
      codes = other.codes;
      entriesOfObject = other.entriesOfObject;
    } else if (order == 0) {
      codes = codes != null && Arrays.equals(codes, other.codes) ? codes : null;
      entriesOfObject += other.entriesOfObject;
    }
  }

  /** Writes all that was added, as one record. */
  public void write(Packed record) {
    record.write(records);
    record.write(entries);
    record.write(entriesOfObject);
    record.write(newest);
    record.write(today ? 1L : 0L);
    record.write(object);
    record.write(codes == null ? 0L : codes.length + 1L);
    for (int i = 0; codes != null && i < codes.length; i++) {
      record.write(codes[i] & 0xFFFFFFFFL);
    }
  }

  /** Reads what `write` wrote. */
  public void read(Packed record) {
    records = record.number();
    entries = record.number();
    entriesOfObject = record.number();
    newest = record.number();
    today = record.number() == 1L;
    object = record.text();
    int size = (int) record.number() - 1;
    codes = size < 0 ? null : new int[size];
    for (int i = 0; i < size; i++) {
      codes[i] = (int) record.number();
    }
  }

  /** The labels that count; null where records cancel each other. */
  public int[] counting() {
    return codes;
  }

  /** Number of labels in the records that count, or that cancel each other. */
  public long size() {
    return codes != null ? codes.length : entriesOfObject;
  }
}
