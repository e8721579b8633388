package ml_insights;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.LongAccumulator;

/**
 * A task's events, one after the other: what becomes of each label, and counts of each prediction.
 *
 * Records come by event, the predictions of an event before its labels. What belongs here: an
 * event as a whole, and the account of labels (`label_account.py` has the same in SQL). What does not:
 * duplicates (`EventPredictions`), which record counts (`EventLabels`), keys (`Counts`).
 */
public final class DayEvents implements Iterator {
  private final Run records;
  private final Counts counts;
  private final LongAccumulator[] sums;
  private final CollectionAccumulator times;
  private final EventPredictions predictions;
  private final EventLabels labels = new EventLabels();
  private final Packed record = new Packed();
  private final Prediction prediction = new Prediction();
  private final EventLabels label = new EventLabels();

  /** The event is the first bytes of this. */
  private byte[] event = new byte[64];
  private int length;
  private Object next;
  private boolean finished;

  private long labelRecords;
  private long newest;
  private long rejected;
  private long superseded;
  private long conflicting;
  private long notOfTheDay;
  private long ambiguous;
  private long wrongLength;
  private long missing;
  private long illegal;
  private long used;
  private long collected;
  private long knownToday;

  public DayEvents(
      Run records, ScoreGrid grid, Counts counts, LongAccumulator[] sums, CollectionAccumulator times) {
    this.records = records;
    this.counts = counts;
    this.sums = sums;
    this.times = times;
    predictions = new EventPredictions(grid, counts);
  }

  public boolean hasNext() {
    try {
      next = next == null ? counts.take() : next;
      while (next == null && !finished) {
        if (records.advance()) {
          read();
        } else {
          finish();
        }
        next = counts.take();
      }
    } catch (IOException error) {
      throw new UncheckedIOException(error);
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

  private void read() {
    record.set(records.bytes, records.from);
    int size = (int) record.number();
    int end = record.at + size;
    if (!Arrays.equals(event, 0, length, record.bytes, record.at, end)) {
      endEvent();
      event = size > event.length ? new byte[2 * size] : event;
      System.arraycopy(record.bytes, record.at, event, 0, size);
      length = size;
    }
    record.at = end;
    int place = (int) record.number();
    if (place == PackedLabels.REJECTED) {
      rejected++;
      counts.addRejected(record);
    } else if (place >= PackedLabels.LABEL_OF_MANY) {
      readLabel(place == PackedLabels.LABEL_OF_MANY);
    } else {
      prediction.read(place, record);
      predictions.add(prediction);
    }
  }

  private void readLabel(boolean ofMany) {
    predictions.any |= ofMany;
    predictions.ambiguous |= ofMany;
    label.read(record);
    labelRecords += label.records;
    newest = Math.max(newest, label.newest);
    if (predictions.any || label.today) {
      labels.add(label);
    } else {
      notOfTheDay += label.entries;
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
      notOfTheDay += labels.entries;
    } else {
      superseded += labels.entries - counting;
      if (codes == null) {
        conflicting += counting;
      } else if (predictions.ambiguous) {
        ambiguous += counting;
      } else if (!use) {
        wrongLength += counting;
      }
    }
    if (labels.today) {
      collected += counting;
      if (predictions.any) {
        knownToday += counting;
      } else {
        counts.addOpen(Arrays.copyOf(event, length), counting);
      }
    }
  }

  private void finish() {
    endEvent();
    counts.give();
    finished = true;
    // In the order of `native_counts._SUMS`, then labelled predictions by variant.
    long[] ofLabels = {
      labelRecords, rejected, collected, knownToday, superseded, conflicting, notOfTheDay, ambiguous,
      wrongLength, missing, illegal, used
    };
    for (int i = 0; i < sums.length; i++) {
      sums[i].add(i < ofLabels.length ? ofLabels[i] : counts.labelled[i - ofLabels.length]);
    }
    if (labelRecords > 0) {
      times.add(Long.valueOf(newest));
    }
  }
}
