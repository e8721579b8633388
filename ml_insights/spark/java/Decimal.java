package ml_insights;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.fasterxml.jackson.core.io.NumberInput;

/**
 * Numbers in decimal notation: `1`, `.5`, `-2.50e-3`; no hex, no NaN, no Infinity.
 *
 * The value is that of `Double.parseDouble`: short numbers are exact by one division or product of
 * exact doubles (Clinger, "How to read floating point numbers accurately", 1990); others go to the
 * correctly rounding parser that Jackson carries, five times as fast as Java's own.
 */
public final class Decimal {
  private static final long EXACT = 1L << 53;
  private static final double[] POWERS = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22
  };
  private static final int MOST_DIGITS = 18;
  private static final boolean FAST = true;

  /** The last number; -0.0 is 0.0. */
  public double value;

  /** Reads a range of bytes; false if it is not a decimal number as a whole. */
  public boolean read(byte[] text, int from, int to) {
    int i = from;
    boolean negative = false;
    if (i < to && (text[i] == '-' || text[i] == '+')) {
      negative = text[i++] == '-';
    }
    long digits = 0;
    int significant = 0;
    int seen = 0;
    int exponent = 0;
    boolean point = false;
    for (; i < to; i++) {
      int digit = text[i] - '0';
      if (digit >= 0 && digit <= 9) {
        seen++;
        if (significant > 0 || digit > 0) {
          significant++;
          digits = significant <= MOST_DIGITS ? digits * 10 + digit : digits;
        }
        exponent -= point ? 1 : 0;
      } else if (text[i] == '.' && !point) {
        point = true;
      } else {
        break;
      }
    }
    if (seen == 0) {
      return false;
    }
    if (i < to) {
      int power = power(text, i, to);
      if (power == NONE) {
        return false;
      }
      exponent = power == HUGE ? HUGE : exponent + power;
    }
    value = 0.0 + (significant <= MOST_DIGITS && digits <= EXACT && Math.abs(exponent) <= 22
        ? exact(negative ? -digits : digits, exponent)
        : NumberInput.parseDouble(new String(text, from, to - from, ISO_8859_1), FAST));
    return true;
  }

  private static double exact(long digits, int exponent) {
    return exponent < 0 ? digits / POWERS[-exponent] : digits * POWERS[exponent];
  }

  private static final int NONE = Integer.MIN_VALUE;
  private static final int HUGE = 1 << 20;

  /** The exponent that starts at `i`; `NONE` if there is something else, `HUGE` if it is long. */
  private static int power(byte[] text, int i, int to) {
    if (text[i] != 'e' && text[i] != 'E') {
      return NONE;
    }
    i++;
    boolean negative = false;
    if (i < to && (text[i] == '-' || text[i] == '+')) {
      negative = text[i++] == '-';
    }
    if (i == to) {
      return NONE;
    }
    int from = i;
    int power = 0;
    for (; i < to; i++) {
      int digit = text[i] - '0';
      if (digit < 0 || digit > 9) {
        return NONE;
      }
      power = i - from < 5 ? power * 10 + digit : power;
    }
    return i - from > 5 ? HUGE : negative ? -power : power;
  }
}
