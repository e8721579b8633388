package ml_insights;

import org.apache.spark.unsafe.Platform;

/**
 * A strict JSON scanner on bytes that stops at whatever it does not know.
 *
 * What belongs here: the grammar of JSON and UTF-8. What does not: which members matter.
 *
 * It is stricter than the parser of the plain way: every text it accepts, that parser accepts with
 * the same values. What it refuses may still be good; the plain way decides. The text must end in a
 * control byte (a line feed, a zero) that is not part of it, and have `SLACK` bytes of room after.
 */
public final class JsonScanner {
  public static final int SLACK = 16;

  private static final int DEEPEST = 64;
  private static final int LONGEST_NAME = 1000;
  private static final int LONGEST_NUMBER = 100;
  private static final long ONES = 0x0101010101010101L;
  private static final long HIGH = 0x8080808080808080L;
  private static final boolean LITTLE_ENDIAN =
      java.nio.ByteOrder.nativeOrder() == java.nio.ByteOrder.LITTLE_ENDIAN;

  /** The bytes, and the position of the next one. */
  public byte[] text;
  public int at;

  /** The last string or number: its bytes without quotes; whether it has escapes; only ASCII. */
  public int start;
  public int end;
  public boolean escaped;
  public boolean ascii;

  /** Whether the last number has neither fraction nor exponent. */
  public boolean whole;

  private final boolean lineFeeds;

  /** A scanner of lines, or of texts in which a line feed is a blank. */
  public JsonScanner(boolean lineFeeds) {
    this.lineFeeds = lineFeeds;
  }

  public void set(byte[] text, int at) {
    this.text = text;
    this.at = at;
  }

  /** Skips blanks; the byte after them, which is not consumed. */
  public byte peek() {
    byte next = text[at];
    while (next == ' ' || next == '\t' || next == '\r' || (next == '\n' && lineFeeds)) {
      next = text[++at];
    }
    return next;
  }

  /** Skips blanks and consumes the byte if it is the next one. */
  public boolean take(char sign) {
    if (peek() != sign) {
      return false;
    }
    at++;
    return true;
  }

  /**
   * Consumes the name of the next member and its colon; or the end of the object.
   *
   * @param first whether it is the first member, before which there is no comma.
   * @return 1 for a name, 0 for the object's end, -1 for anything else.
   */
  public int member(boolean first) {
    byte next = peek();
    if (next == '}') {
      at++;
      return 0;
    }
    if (!first) {
      if (next != ',') {
        return -1;
      }
      at++;
    }
    boolean name = string() && !escaped && ascii && end - start <= LONGEST_NAME;
    return name && take(':') ? 1 : -1;
  }

  /** Consumes what stands between the elements of an array: 1 for an element, 0 the end, -1. */
  public int element(boolean first) {
    byte next = peek();
    if (next == ']') {
      at++;
      return 0;
    }
    if (first) {
      return 1;
    }
    if (next != ',') {
      return -1;
    }
    at++;
    return peek() == ']' ? -1 : 1;
  }

  /** Whether the last string is this one. */
  public boolean is(byte[] name) {
    if (end - start != name.length) {
      return false;
    }
    for (int i = 0; i < name.length; i++) {
      if (text[start + i] != name[i]) {
        return false;
      }
    }
    return true;
  }

  /** Consumes a string; its escapes are checked, not resolved. */
  public boolean string() {
    if (peek() != '"') {
      return false;
    }
    int i = at + 1;
    start = i;
    escaped = false;
    ascii = true;
    byte[] bytes = text;
    while (true) {
      i = skipPlain(bytes, i);
      byte sign = bytes[i];
      if (sign == '"') {
        end = i;
        at = i + 1;
        return true;
      }
      if (sign == '\\') {
        escaped = true;
        i = afterEscape(bytes, i + 1);
      } else if (sign < 0) {
        ascii = false;
        i = Utf8.after(bytes, i, bytes.length);
      } else {
        return false;
      }
      if (i < 0) {
        return false;
      }
    }
  }

  /** First position from which a quote, a backslash, a control byte or a byte above 127 stands. */
  private static int skipPlain(byte[] bytes, int from) {
    int i = from;
    if (LITTLE_ENDIAN) {
      long found = 0;
      while (i + 32 <= bytes.length) {
        found = special(bytes, i);
        if (found != 0) {
          return i + (Long.numberOfTrailingZeros(found) >>> 3);
        }
        // Most strings are short; of a long one four words a turn.
        if ((special(bytes, i + 8) | special(bytes, i + 16) | special(bytes, i + 24)) != 0) {
          break;
        }
        i += 32;
      }
      while (i + 8 <= bytes.length) {
        found = special(bytes, i);
        if (found != 0) {
          return i + (Long.numberOfTrailingZeros(found) >>> 3);
        }
        i += 8;
      }
    }
    while (bytes[i] >= ' ' && bytes[i] != '"' && bytes[i] != '\\') {
      i++;
    }
    return i;
  }

  /** Marks of eight bytes; of those that are marked the lowest is marked rightly, for borrows go up. */
  private static long special(byte[] bytes, int i) {
    long word = Platform.getLong(bytes, (long) (Platform.BYTE_ARRAY_OFFSET + i));
    long quote = word ^ 0x2222222222222222L;
    long slash = word ^ 0x5c5c5c5c5c5c5c5cL;
    return ((quote - ONES) | (slash - ONES) | (word - 0x2020202020202020L) | word) & HIGH;
  }

  private static int afterEscape(byte[] bytes, int i) {
    switch (bytes[i]) {
      case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
        return i + 1;
      case 'u':
        for (int digit = i + 1; digit <= i + 4; digit++) {
          if (Character.digit((char) (bytes[digit] & 0xff), 16) < 0) {
            return -1;
          }
        }
        return i + 5;
      default:
        return -1;
    }
  }

  /** Consumes a number. */
  public boolean number() {
    peek();
    byte[] bytes = text;
    int i = at;
    start = i;
    if (bytes[i] == '-') {
      i++;
    }
    int digits = i;
    while (digit(bytes[i])) {
      i++;
    }
    if (i == digits || (bytes[digits] == '0' && i > digits + 1)) {
      return false;
    }
    whole = true;
    if (bytes[i] == '.') {
      whole = false;
      int fraction = ++i;
      while (digit(bytes[i])) {
        i++;
      }
      if (i == fraction) {
        return false;
      }
    }
    if (bytes[i] == 'e' || bytes[i] == 'E') {
      whole = false;
      i++;
      if (bytes[i] == '+' || bytes[i] == '-') {
        i++;
      }
      int exponent = i;
      while (digit(bytes[i])) {
        i++;
      }
      if (i == exponent) {
        return false;
      }
    }
    end = i;
    at = i;
    return i - start <= LONGEST_NUMBER;
  }

  private static boolean digit(byte sign) {
    return sign >= '0' && sign <= '9';
  }

  /** Consumes any value. */
  public boolean skip() {
    return skip(0);
  }

  private boolean skip(int depth) {
    switch (peek()) {
      case '"':
        return string();
      case '{':
        at++;
        return depth < DEEPEST && skipMembers(depth + 1);
      case '[':
        at++;
        return depth < DEEPEST && skipElements(depth + 1);
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

  private boolean skipMembers(int depth) {
    int found = member(true);
    while (found == 1) {
      if (!skip(depth)) {
        return false;
      }
      found = member(false);
    }
    return found == 0;
  }

  private boolean skipElements(int depth) {
    int found = element(true);
    while (found == 1) {
      if (!skip(depth)) {
        return false;
      }
      found = element(false);
    }
    return found == 0;
  }

  private boolean word(String letters) {
    for (int i = 0; i < letters.length(); i++) {
      if (text[at + i] != letters.charAt(i)) {
        return false;
      }
    }
    at += letters.length();
    return true;
  }
}
