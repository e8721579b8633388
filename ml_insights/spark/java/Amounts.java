package ml_insights;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * The amounts that the predictions of a record are about, or why one is not usable.
 *
 * What belongs here: what an amount is. What does not: where it stands (`Values`). The same as
 * `_amounts` of the plain way.
 */
public final class Amounts {
  private static final UTF8String MISSING = UTF8String.fromString("amount_missing");
  private static final UTF8String NOT_A_NUMBER = UTF8String.fromString("amount_not_a_number");
  private static final UTF8String BELOW_0 = UTF8String.fromString("amount_below_0");
  private static final UTF8String TOO_LARGE = UTF8String.fromString("amount_too_large");

  private static final byte[] NO_REASON = new byte[0];

  private final Values form;
  private final double scale;
  private final double largest;
  private final Decimal number = new Decimal();

  /** Of the last record, by prediction: a reason, or null and an amount. */
  private UTF8String[] reasons = new UTF8String[16];
  private long[] amounts = new long[16];

  /** @param amount null if no amount is asked for. */
  public Amounts(JsonNode amount) {
    boolean none = amount.isNull();
    form = none ? null : new Values(amount.get("form"), 0);
    scale = none ? 0 : amount.get("scale").asDouble();
    largest = none ? 0 : amount.get("largest").asDouble();
  }

  public boolean any() {
    return form != null;
  }

  /** Reads the decoded request of a record, null if it has none; false for the plain way. */
  public boolean read(Side request, int predictions) {
    if (!any()) {
      return true;
    }
    if (reasons.length < predictions) {
      reasons = new UTF8String[2 * predictions];
      amounts = new long[2 * predictions];
    }
    Arrays.fill(reasons, 0, predictions, MISSING);
    if (request == null || (request.typed && !request.is(form.contentType))) {
      return true;
    }
    if (!form.read(request.payload)) {
      return false;
    }
    // Only when the request has one value for each prediction do positions correspond.
    boolean good = true;
    for (int n = 0; n < predictions && form.size == predictions && good; n++) {
      good = form.from[n] == Values.ABSENT || amount(n, request.payload.text);
    }
    return good;
  }

  /** False for a number too large for a double, which the engine writes in words. */
  private boolean amount(int n, byte[] text) {
    form.trim(n, text);
    if (form.from[n] == form.to[n]) {
      return true;
    }
    if (!number.read(text, form.from[n], form.to[n])) {
      reasons[n] = NOT_A_NUMBER;
      return true;
    }
    double scaled = number.value * scale;
    reasons[n] = number.value < 0 ? BELOW_0 : scaled > largest ? TOO_LARGE : null;
    amounts[n] = (long) Math.rint(scaled);
    return !Double.isInfinite(number.value);
  }

  /** Writes the amount of a prediction of the last record, and why there is none: a text or nothing. */
  public void write(int prediction, Packed block) {
    if (any()) {
      UTF8String reason = reasons[prediction];
      block.write(reason == null ? amounts[prediction] : 0L);
      block.write(reason == null ? NO_REASON : reason.getBytes());
    }
  }
}
