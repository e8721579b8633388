package ml_insights;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.ArrayDeque;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * Counts by bin, and by pair of bins where two variants score the same events, as rows.
 *
 * What belongs here: keys, counters, and the rows they become. A key may come in several rows: the
 * table is given away when it is large, so that a task's memory does not grow with its rows.
 */
public final class Counts {
  private static final int LARGE = 1 << 16;
  private static final int COLUMNS = 21;
  private static final int AMOUNT_COLUMNS = 6;
  private static final int COUNTERS = 5;

  /** Two numbers, and a sum and a sum of squares of two counters each for both labels. */
  private static final int AMOUNT_COUNTERS = 10;
  private static final int COARSER_BITS = 5;
  private static final UTF8String BINS = UTF8String.fromString("bins");
  private static final UTF8String PAIRS = UTF8String.fromString("pairs");
  private static final UTF8String OPEN = UTF8String.fromString("open");
  private static final UTF8String REJECTED = UTF8String.fromString("rejected");

  public final int variants;
  public final int classes;

  /** Whether predictions have amounts. */
  public final boolean amounts;

  /** Labelled predictions by variant. */
  public final long[] labelled;

  private final UTF8String[] variant;
  private final UTF8String[] label;
  private final boolean manyClasses;
  private final long gridSize;
  private final int pairsAt;
  private final Tally bins;
  private final Tally pairs = new Tally(2);
  private final ArrayDeque rows = new ArrayDeque();

  public Counts(JsonNode spec, int gridSize) {
    variant = texts(spec.get("variants"));
    label = texts(spec.get("class_labels"));
    variants = variant.length;
    classes = label.length;
    manyClasses = spec.get("classes").asBoolean();
    pairsAt = spec.get("pairs_at").asInt();
    amounts = spec.get("amounts").asBoolean();
    bins = new Tally(amounts ? COUNTERS + AMOUNT_COUNTERS : COUNTERS);
    this.gridSize = gridSize;
    labelled = new long[variants];
  }

  public static UTF8String[] texts(JsonNode names) {
    UTF8String[] texts = new UTF8String[names.size()];
    for (int i = 0; i < texts.length; i++) {
      texts[i] = UTF8String.fromString(((JsonNode) names.get(i)).asText());
    }
    return texts;
  }

  /** Next row, or null. */
  public Object take() {
    return rows.poll();
  }

  public void addUnlabelled(EventPredictions event) {
    for (int i = 0; i < event.size; i++) {
      add(event, i, 2);
    }
  }

  /** Counts an event's predictions by the labels of its record, each used where it fits. */
  public void add(EventPredictions event, int[] codes) {
    for (int i = 0; i < event.size; i++) {
      int part = part(event, i, codes);
      add(event, i, part);
      if (part < 2) {
        labelled[event.place[i] / classes]++;
        if (pairsAt >= 0) {
          addPairs(event, i, part, codes);
        }
      }
    }
  }

  /** 0 positive, 1 negative, 2 without a label. */
  private int part(EventPredictions event, int i, int[] codes) {
    boolean fits = event.of[i] == codes.length && event.index[i] < codes.length;
    int code = fits ? codes[event.index[i]] : EventLabels.MISSING;
    if (code < 0) {
      return 2;
    }
    return code == (manyClasses ? event.place[i] % classes : 1) ? 0 : 1;
  }

  private void add(EventPredictions event, int i, int part) {
    int slot = bins.slot(event.slice[i], event.place[i] * gridSize + event.bin[i]);
    bins.add(slot, part, 1L);
    bins.add(slot, 3, event.offset[i]);
    bins.add(slot, 4, event.copies[i] - 1L);
    if (part < 2 && event.amount[i] != Prediction.NO_AMOUNT) {
      bins.add(slot, COUNTERS + part, 1L);
      bins.addProduct(slot, COUNTERS + 2 + 2 * part, event.amount[i], 1L);
      bins.addProduct(slot, COUNTERS + 6 + 2 * part, event.amount[i], event.amount[i]);
    }
    if (bins.size >= LARGE) {
      giveBins();
    }
  }

  /**
   * Pairs of this prediction with those of later variants for the same index and class.
   *
   * A pair is of the slice of both; where they are of different ones it is of none.
   */
  private void addPairs(EventPredictions event, int i, int part, int[] codes) {
    int label = event.place[i] % classes;
    for (int second = event.place[i] / classes + 1; second < variants; second++) {
      int other = event.find(second * classes + label, event.index[i]);
      if (other >= 0 && part(event, other, codes) < 2) {
        boolean ofOne = event.slice[i] == event.slice[other];
        long who = 2 * (event.place[i] * (long) variants + second) + (ofOne ? 1 : 0);
        long where = coarse(event.bin[i]) * gridSize + coarse(event.bin[other]);
        int slot = pairs.slot(ofOne ? event.slice[i] : 0, who * gridSize * gridSize + where);
        pairs.add(slot, part, 1L);
      }
    }
    if (pairs.size >= LARGE) {
      givePairs();
    }
  }

  private long coarse(int bin) {
    int lowest = bin >> COARSER_BITS << COARSER_BITS;
    return bin >= pairsAt ? Math.max(lowest, pairsAt) : lowest;
  }

  /** A label of the day without a prediction of it. */
  public void addOpen(byte[] event, long counting) {
    Object[] row = row(OPEN);
    row[16] = event;
    row[17] = Long.valueOf(counting);
    rows.add(new GenericInternalRow(row));
  }

  /** A line of ground truth that is not accepted: what `PackedLabels` wrote of it. */
  public void addRejected(Packed record) {
    Object[] row = row(REJECTED);
    for (int i = 18; i < 21; i++) {
      row[i] = UTF8String.fromBytes(record.text());
    }
    rows.add(new GenericInternalRow(row));
  }

  /** Gives everything away. */
  public void give() {
    giveBins();
    givePairs();
  }

  private void giveBins() {
    for (int slot = 0; slot < bins.slots(); slot++) {
      if (bins.holds(slot)) {
        int place = (int) (bins.second(slot) / gridSize);
        Object[] row = row(BINS);
        row[1] = variant[place / classes];
        row[2] = label[place % classes];
        row[3] = Long.valueOf(bins.first(slot));
        row[4] = Integer.valueOf((int) (bins.second(slot) % gridSize));
        counters(row, 5, bins, slot, COUNTERS);
        if (amounts) {
          amounts(row, slot);
        }
        rows.add(new GenericInternalRow(row));
      }
    }
    bins.clear();
  }

  private void givePairs() {
    for (int slot = 0; slot < pairs.slots(); slot++) {
      if (pairs.holds(slot)) {
        long where = pairs.second(slot) % (gridSize * gridSize);
        long who = pairs.second(slot) / (gridSize * gridSize);
        int place = (int) (who / 2 / variants);
        Object[] row = row(PAIRS);
        row[2] = label[place % classes];
        row[3] = who % 2 == 1 ? Long.valueOf(pairs.first(slot)) : null;
        row[10] = variant[place / classes];
        row[11] = variant[(int) (who / 2 % variants)];
        row[12] = Integer.valueOf((int) (where / gridSize));
        row[13] = Integer.valueOf((int) (where % gridSize));
        counters(row, 14, pairs, slot, pairs.width);
        rows.add(new GenericInternalRow(row));
      }
    }
    pairs.clear();
  }

  private void amounts(Object[] row, int slot) {
    for (int i = 0; i < 2; i++) {
      row[COLUMNS + i] = Long.valueOf(bins.get(slot, COUNTERS + i));
    }
    for (int i = 0; i < 4; i++) {
      BigDecimal sum = new BigDecimal(bins.sum(slot, COUNTERS + 2 + 2 * i));
      row[COLUMNS + 2 + i] = org.apache.spark.sql.types.Decimal.apply(sum, 38, 0);
    }
  }

  private Object[] row(UTF8String record) {
    Object[] row = new Object[amounts ? COLUMNS + AMOUNT_COLUMNS : COLUMNS];
    row[0] = record;
    return row;
  }

  private static void counters(Object[] row, int from, Tally tally, int slot, int number) {
    for (int i = 0; i < number; i++) {
      row[from + i] = Long.valueOf(tally.get(slot, i));
    }
  }
}
