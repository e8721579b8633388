package ml_insights;

import java.time.LocalDate;
import java.time.YearMonth;
import java.util.Arrays;

/**
 * Event ids and times, as bytes.
 *
 * What belongs here: what the text of a record's metadata says. What does not: where it stands.
 */
public final class Text {
  public static final long NO_TIME = Long.MIN_VALUE;

  private static final int UUID_LENGTH = 36;
  private static final byte[] HEX = hex();

  private Text() {}

  private static byte[] hex() {
    byte[] digits = new byte[256];
    Arrays.fill(digits, (byte) -1);
    for (int i = 0; i < 16; i++) {
      digits["0123456789abcdef".charAt(i)] = (byte) i;
    }
    return digits;
  }

  /** 16 bytes for a lower-case UUID; any other id as it is, after a zero byte if it has 16 bytes. */
  public static byte[] eventKey(byte[] id) {
    byte[] key = id.length == UUID_LENGTH ? uuid(id) : null;
    if (key != null) {
      return key;
    }
    if (id.length != 16) {
      return id;
    }
    byte[] marked = new byte[17];
    System.arraycopy(id, 0, marked, 1, 16);
    return marked;
  }

  private static byte[] uuid(byte[] id) {
    byte[] key = new byte[16];
    int n = 0;
    for (int i = 0; i < UUID_LENGTH; i++) {
      if (i == 8 || i == 13 || i == 18 || i == 23) {
        if (id[i] != '-') {
          return null;
        }
      } else {
        int bits = HEX[id[i] & 0xff] << 4 | HEX[id[++i] & 0xff];
        if (bits < 0) {
          return null;
        }
        key[n++] = (byte) bits;
      }
    }
    return key;
  }

  /** Microseconds since 1970 of `2026-11-14T01:02:03Z`, with up to six decimals; else NO_TIME. */
  public static long time(byte[] text, int from, int to) {
    int length = to - from;
    boolean form = length >= 20 && length <= 27 && length != 21 && text[to - 1] == 'Z'
        && text[from + 4] == '-' && text[from + 7] == '-' && text[from + 10] == 'T'
        && text[from + 13] == ':' && text[from + 16] == ':'
        && (length == 20 || text[from + 19] == '.');
    if (!form) {
      return NO_TIME;
    }
    int year = number(text, from, 4);
    int month = number(text, from + 5, 2);
    int day = number(text, from + 8, 2);
    int hour = number(text, from + 11, 2);
    int minute = number(text, from + 14, 2);
    int second = number(text, from + 17, 2);
    int fraction = length == 20 ? 0 : number(text, from + 20, length - 21);
    boolean legal = year >= 1970 && year < 2100 && month >= 1 && month <= 12 && day >= 1
        && hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60
        && fraction >= 0;
    if (!legal || (day > 28 && day > YearMonth.of(year, month).lengthOfMonth())) {
      return NO_TIME;
    }
    for (int digits = length == 20 ? 6 : length - 21; digits < 6; digits++) {
      fraction *= 10;
    }
    long seconds = LocalDate.of(year, month, day).toEpochDay() * 86400
        + hour * 3600 + minute * 60 + second;
    return seconds * 1000000L + fraction;
  }

  /** The number that these digits make; negative if one is none. */
  private static int number(byte[] text, int from, int digits) {
    int number = 0;
    for (int i = from; i < from + digits; i++) {
      int digit = text[i] - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      number = number * 10 + digit;
    }
    return number;
  }
}
