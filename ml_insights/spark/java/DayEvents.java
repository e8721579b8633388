package ml_insights;

import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.LongAccumulator;

/**
 * A task's events, one after the other: what becomes of each label, and counts of each prediction.
 *
 * Rows come sorted by event, the predictions of an event before its labels. What belongs here: an
 * event as a whole, and the account of labels (`label_fates.py` has the same in SQL). What does not:
 * duplicates (`EventPredictions`), which record counts (`EventLabels`), keys (`Counts`).
 */
public final class DayEvents implements Iterator {
  /** `place` of a row that is a label record, which sorts behind all predictions. */
  private static final int LABEL = Integer.MAX_VALUE;

  /** The same where the predictions were given other events, for there are so many. */
  private static final int LABEL_OF_MANY = Integer.MAX_VALUE - 1;

  private final Iterator rows;
  private final Counts counts;
  private final LongAccumulator[] sums;
  private final CollectionAccumulator times;
  private final EventPredictions predictions;
  private final EventLabels labels = new EventLabels();
  private byte[] event;
  private Object next;
  private boolean finished;

  private long labelRecords;
  private long labelsRead;
  private long newest;
  private long rejected;
  private long superseded;
  private long conflicting;
  private long ofOtherDays;
  private long ambiguous;
  private long wrongNumber;
  private long missing;
  private long illegal;
  private long used;
  private long collected;
  private long knownToday;

  public DayEvents(
      Iterator rows, ScoreGrid grid, Counts counts, LongAccumulator[] sums, CollectionAccumulator times) {
    this.rows = rows;
    this.counts = counts;
    this.sums = sums;
    this.times = times;
    predictions = new EventPredictions(grid, counts);
  }

  public boolean hasNext() {
    next = next == null ? counts.take() : next;
    while (next == null && !finished) {
      if (rows.hasNext()) {
        read((InternalRow) rows.next());
      } else {
        finish();
      }
      next = counts.take();
    }
    return next != null;
  }

  public Object next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    Object row = next;
    next = null;
    return row;
  }

  public void remove() {
    throw new UnsupportedOperationException();
  }

  private void read(InternalRow row) {
    byte[] eventOfRow = row.getBinary(0);
    if (!Arrays.equals(eventOfRow, event)) {
      endEvent();
      event = eventOfRow;
    }
    int place = row.getInt(1);
    if (place == LABEL_OF_MANY) {
      predictions.any = true;
      predictions.ambiguous = true;
    }
    if (place >= LABEL_OF_MANY) {
      readLabel(row.getStruct(6, 9));
    } else {
      predictions.add(row);
    }
  }

  /** Columns: `native_counts._LABEL_DDL`. */
  private void readLabel(InternalRow label) {
    if (!label.isNullAt(4)) {
      rejected++;
      counts.addRejected(label);
      return;
    }
    labelRecords += label.getLong(6);
    labelsRead += label.getLong(7);
    newest = Math.max(newest, label.getLong(2));
    if (predictions.any || label.getBoolean(1)) {
      labels.add(label);
    } else {
      ofOtherDays += label.getLong(7);
    }
  }

  private void endEvent() {
    int[] codes = labels.records > 0 ? labels.counting() : null;
    boolean use = codes != null && predictions.any && !predictions.ambiguous && fits(codes.length);
    if (use) {
      useLabels(codes);
      counts.add(predictions, codes);
    } else {
      counts.addUnlabelled(predictions);
    }
    if (labels.records > 0) {
      account(codes, use);
    }
    predictions.clear();
    labels.clear();
  }

  private boolean fits(int number) {
    for (int i = 0; i < predictions.size; i++) {
      if (predictions.of[i] == number) {
        return true;
      }
    }
    return false;
  }

  private void useLabels(int[] codes) {
    for (int i = 0; i < codes.length; i++) {
      if (codes[i] == EventLabels.MISSING) {
        missing++;
      } else if (codes[i] < 0) {
        illegal++;
      } else {
        used++;
      }
    }
  }

  private void account(int[] codes, boolean use) {
    long counting = labels.size();
    if (!predictions.any) {
      ofOtherDays += labels.entries;
    } else {
      superseded += labels.entries - counting;
      if (codes == null) {
        conflicting += counting;
      } else if (predictions.ambiguous) {
        ambiguous += counting;
      } else if (!use) {
        wrongNumber += counting;
      }
    }
    if (labels.today) {
      collected += counting;
      if (predictions.any) {
        knownToday += counting;
      } else {
        counts.addOpen(event, counting);
      }
    }
  }

  private void finish() {
    endEvent();
    counts.give();
    finished = true;
    // In the order of `native_counts._SUMS`, then labelled predictions by variant.
    long[] ofLabels = {
      labelRecords, labelsRead, rejected, collected, knownToday, superseded, conflicting, ofOtherDays,
      ambiguous, wrongNumber, missing, illegal, used
    };
    for (int i = 0; i < sums.length; i++) {
      sums[i].add(i < ofLabels.length ? ofLabels[i] : counts.labelled[i - ofLabels.length]);
    }
    if (labelRecords > 0) {
      times.add(Long.valueOf(newest));
    }
  }
}
