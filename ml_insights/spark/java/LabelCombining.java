package ml_insights;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;

/**
 * Label records on their way into the shuffle by event: those of an event become few.
 *
 * What belongs here: which records meet, and where rejected lines go, which have no event. What does
 * not: what several records say together (`EventLabels`). A task holds the events that it met last,
 * one a slot, and gives one away when another needs its slot. So of n records an event keeps at most
 * n / slots and two a task, and an event with one record costs a look.
 */
public class LabelCombining implements FlatMapFunction {
  private int slots;

  /** Rows of event and label, likewise. */
  public RDD over(RDD rows, int slots) {
    this.slots = slots;
    return rows.toJavaRDD().mapPartitions(this).rdd();
  }

  public Iterator call(Object rows) {
    return new Combined((Iterator) rows, slots);
  }

  /** The rows of a task. */
  public static final class Combined implements Iterator {
    private final Iterator rows;
    private final byte[][] events;
    private final EventLabels[] labels;
    private final ArrayDeque ready = new ArrayDeque();
    private int given;
    private int rejected;

    public Combined(Iterator rows, int slots) {
      this.rows = rows;
      events = new byte[slots][];
      labels = new EventLabels[slots];
    }

    public boolean hasNext() {
      while (ready.isEmpty() && rows.hasNext()) {
        add((InternalRow) rows.next());
      }
      while (ready.isEmpty() && given < events.length) {
        give(given++);
      }
      return !ready.isEmpty();
    }

    public Object next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return ready.poll();
    }

    public void remove() {
      throw new UnsupportedOperationException();
    }

    private void add(InternalRow row) {
      InternalRow label = row.getStruct(1, 9);
      if (!label.isNullAt(4)) {
        // Any event will do; the same broken line a million times must not be one.
        ready.add(row(Integer.toString(rejected++).getBytes(), label.copy()));
        return;
      }
      byte[] event = row.getBinary(0);
      // A day without predictions of the event counts those of today alone: they stay apart.
      int hash = Arrays.hashCode(event) * 2 + (label.getBoolean(1) ? 1 : 0);
      int slot = (hash * 0x9E3779B9 >>> 1) % events.length;
      if (labels[slot] == null) {
        labels[slot] = new EventLabels();
      } else if (!Arrays.equals(events[slot], event) || labels[slot].today != label.getBoolean(1)) {
        give(slot);
      }
      events[slot] = event;
      labels[slot].add(label);
    }

    private void give(int slot) {
      if (events[slot] != null) {
        ready.add(row(events[slot], labels[slot].record()));
        events[slot] = null;
        labels[slot].clear();
      }
    }

    private static InternalRow row(byte[] event, InternalRow label) {
      Object[] row = new Object[2];
      row[0] = event;
      row[1] = label;
      return new GenericInternalRow(row);
    }
  }
}
