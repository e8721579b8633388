package ml_insights;

import java.util.Arrays;
import java.util.Iterator;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.util.CollectionAccumulator;

/**
 * Label records on their way into the shuffle by event: those of an event become few.
 *
 * What belongs here: which records meet, and where rejected lines go, which have no event. What does
 * not: what several records say together (`EventLabels`). A task holds the events that it met last,
 * one a slot, and gives one away when another needs its slot. So of n records an event keeps at most
 * n / slots and two a task, and an event with one record costs a look.
 */
public final class PackedLabels extends PackedRows {
  /** `place` of a rejected line, and of label records, behind those of all predictions. */
  public static final int REJECTED = Integer.MAX_VALUE;
  public static final int LABEL = REJECTED - 1;

  /** The same where the predictions were given other events, for there are so many. */
  public static final int LABEL_OF_MANY = REJECTED - 2;

  private final byte[][] events;
  private final int[] places;
  private final EventLabels[] labels;
  private final EventLabels one = new EventLabels();
  private final CollectionAccumulator uncounted;
  private final LabelTexts others;
  private long labelsUncounted;
  private int rejected;

  /**
   * @param uncounted gets what no reader has counted of labels in accepted lines: their number, and what
   *     they say that the settings do not name. See `TaskReports`.
   */
  public PackedLabels(
      Iterator rows, Blocks blocks, int slots, LabelTexts others, CollectionAccumulator uncounted) {
    super(rows, blocks);
    this.others = others;
    this.uncounted = uncounted;
    events = new byte[slots][];
    places = new int[slots];
    labels = new EventLabels[slots];
  }

  /** Takes a row of `native_counts._label_rows`. */
  public void add(InternalRow row) {
    if (!row.isNullAt(5)) {
      addRejected(row);
      return;
    }
    byte[] event = row.getBinary(0);
    one.set(row);
    labelsUncounted += row.getBoolean(8) ? one.entries : 0;
    addOthers(row);
    // A day without predictions of the event counts those of today alone: they stay apart.
    int hash = Arrays.hashCode(event) * 2 + (one.today ? 1 : 0);
    int slot = (hash * 0x9E3779B9 >>> 1) % events.length;
    if (labels[slot] == null) {
      labels[slot] = new EventLabels();
    } else if (!Arrays.equals(events[slot], event) || labels[slot].today != one.today) {
      give(slot);
    }
    events[slot] = event;
    places[slot] = row.getBoolean(7) ? LABEL_OF_MANY : LABEL;
    labels[slot].add(one);
  }

  public void finish() {
    for (int slot = 0; slot < events.length; slot++) {
      give(slot);
    }
    long[] numbers = {labelsUncounted};
    TaskReports.tell(uncounted, TaskContext.get().partitionId(), numbers, others.json());
  }

  private void addOthers(InternalRow row) {
    ArrayData texts = row.isNullAt(9) ? null : row.getArray(9);
    for (int i = 0; texts != null && i < texts.numElements(); i++) {
      others.add(texts.getUTF8String(i).getBytes());
    }
  }

  private void addRejected(InternalRow row) {
    // Any event will do; the same broken line a million times must not be one.
    Packed record = blocks.begin(Integer.toString(rejected++).getBytes(), REJECTED);
    record.write(row.getUTF8String(4).getBytes());
    record.write(row.getUTF8String(5).getBytes());
    record.write(row.getUTF8String(6).getBytes());
    blocks.end();
  }

  private void give(int slot) {
    if (events[slot] != null) {
      labels[slot].write(blocks.begin(events[slot], places[slot]));
      blocks.end();
      events[slot] = null;
      labels[slot].clear();
    }
  }
}
