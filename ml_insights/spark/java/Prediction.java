package ml_insights;

/**
 * A prediction of an event, as bytes in the shuffle.
 *
 * What belongs here: what step 2 knows of a prediction. As bytes, those of an event are in order of
 * place and index, and among equal ones copies are neighbours, in order of their scores.
 */
public final class Prediction {
  public static final long NO_TIME = Long.MIN_VALUE;

  /** No amount is below 0. */
  public static final long NO_AMOUNT = -1L;

  /** Variant and class. */
  public int place;

  /** Which of how many of its record. */
  public int index;
  public int of;

  public long time;
  public long slice;
  public long amount;

  /** From 0 on, which has no sign. */
  public double score;

  /** Writes all but the place. */
  public void write(Packed record) {
    record.write((long) index);
    record.write((long) of);
    record.write(time);
    record.write(slice);
    record.write(amount - NO_AMOUNT);
    record.writeWord(Double.doubleToLongBits(score));
  }

  /** Reads what `write` wrote. */
  public void read(int place, Packed record) {
    this.place = place;
    index = (int) record.number();
    of = (int) record.number();
    time = record.number();
    slice = record.number();
    amount = record.number() + NO_AMOUNT;
    score = Double.longBitsToDouble(record.word());
  }
}
