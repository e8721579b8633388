package ml_insights;

import java.util.Arrays;

/**
 * What lines have in common: all bytes but those of strings that vary from line to line.
 *
 * What belongs here: learning it from a line that the scanner understood, and finding the strings of the
 * next line by it. What does not: what a string means. A line fits if it differs from the line that was
 * learnt only within values that are strings, and these are strings of JSON: the scanner would then
 * take the same way through both. Strings on which that way depends are not among those that vary. So
 * nothing is read by shape that the scanner would not read.
 */
public final class Shape {
  /** A shape that fits fewer lines was learnt in vain. Lines then wait: 2^failures of them. */
  private static final int WORTH = 8;
  private static final int FREE_FAILURES = 4;
  private static final int MOST_FAILURES = 10;
  private static final int UNKNOWN = -1;

  private final JsonScanner json = new JsonScanner(false);
  private final int mayVary;
  private final int[] starts;
  private final int[] ends;
  private final boolean[] escaped;

  /** The line that was learnt with its line feed; its values that are strings, and which of them vary. */
  private byte[] line = new byte[0];
  private int values;
  private int[] from = new int[64];
  private int[] to = new int[64];
  private boolean[] varies = new boolean[64];

  /** Those that vary, and the place of each in the arrays of the constructor; `UNKNOWN` for none. */
  private int[] gaps = new int[64];
  private int[] places = new int[64];
  private int varying = UNKNOWN;

  private int fitted;
  private int failures;
  private int wait;

  /**
   * @param starts by place, where strings are found that matter; with `ends` and `escaped`.
   * @param mayVary places from this one on have strings that are the same in all lines of a shape.
   */
  public Shape(int[] starts, int[] ends, boolean[] escaped, int mayVary) {
    this.mayVary = mayVary;
    this.starts = starts;
    this.ends = ends;
    this.escaped = escaped;
  }

  /** Finds the strings of the line that starts here: position of its line feed, or -1. */
  public int read(byte[] bytes, int at) {
    if (varying == UNKNOWN) {
      return -1;
    }
    int known = 0;
    int i = at;
    for (int n = 0; n <= varying; n++) {
      int end = n < varying ? from[gaps[n]] : line.length;
      int next = i + end - known;
      if (next > bytes.length || !Arrays.equals(line, known, end, bytes, i, next)) {
        return -1;
      }
      i = next;
      if (n < varying) {
        json.set(bytes, i - 1);
        if (!json.string()) {
          return -1;
        }
        int place = places[n];
        if (place != UNKNOWN) {
          starts[place] = i;
          ends[place] = json.end;
          escaped[place] = json.escaped;
        }
        known = to[gaps[n]];
        i = json.end;
      }
    }
    fitted++;
    return i - 1;
  }

  /** Forgets the shape, for a line did not fit. */
  public void forget() {
    if (varying != UNKNOWN) {
      failures = fitted < WORTH ? Math.min(failures + 1, MOST_FAILURES) : 0;
      wait = failures < FREE_FAILURES ? 0 : 1 << failures;
      varying = UNKNOWN;
      fitted = 0;
    }
  }

  /** Learns from a line, of which the scanner found the strings that matter; `end` is its line feed. */
  public void learn(byte[] bytes, int at, int end) {
    if (wait-- > 0) {
      return;
    }
    byte[] before = line;
    int[] fromBefore = Arrays.copyOf(from, values);
    int[] toBefore = Arrays.copyOf(to, values);
    line = Arrays.copyOfRange(bytes, at, end + 1);
    findValues();
    boolean alike = values == fromBefore.length;
    varying = 0;
    for (int n = 0; n < values; n++) {
      int place = place(at + from[n]);
      boolean same = alike
          && Arrays.equals(line, from[n], to[n], before, fromBefore[n], toBefore[n]);
      varies[n] = place == UNKNOWN ? alike && (varies[n] || !same) : place < mayVary;
      if (varies[n]) {
        gaps[varying] = n;
        places[varying++] = place;
      }
    }
  }

  private int place(int start) {
    for (int place = 0; place < starts.length; place++) {
      if (starts[place] == start) {
        return place;
      }
    }
    return UNKNOWN;
  }

  /** The strings of a line that is JSON, but those before a colon, which are names. */
  private void findValues() {
    values = 0;
    json.set(line, 0);
    while (json.at < line.length) {
      if (line[json.at] != '"') {
        json.at++;
      } else {
        json.string();
        int start = json.start;
        int end = json.end;
        if (json.peek() != ':') {
          add(start, end);
        }
      }
    }
  }

  private void add(int start, int end) {
    if (values == from.length) {
      from = Arrays.copyOf(from, 2 * values);
      to = Arrays.copyOf(to, 2 * values);
      varies = Arrays.copyOf(varies, 2 * values);
      gaps = Arrays.copyOf(gaps, 2 * values);
      places = Arrays.copyOf(places, 2 * values);
    }
    from[values] = start;
    to[values++] = end;
  }
}
