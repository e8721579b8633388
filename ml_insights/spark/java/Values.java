package ml_insights;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;

/**
 * Where the values stand in a payload of one content type, as ranges of its bytes.
 *
 * What belongs here: CSV columns, JSON paths, JSON Lines; one element a prediction. What does not:
 * what a value means. The same as `values_of` of the plain way, or nothing at all.
 */
public final class Values {
  public static final int ABSENT = -1;

  private static final String CSV = "text/csv";
  private static final String JSON = "application/json";
  private static final byte[] EACH = "[*]".getBytes();

  public final byte[] contentType;

  private final String kind;
  private final int classes;
  private final int column;
  private final Object[] steps;
  private final JsonScanner json;

  /** Number of predictions, and of values; ranges of values, `ABSENT` for none. */
  public int predictions;
  public int size;
  public int[] from = new int[64];
  public int[] to = new int[64];

  /** Whether the last values are JSON numbers with fraction or exponent, whose text may change. */
  public boolean floating;

  /** @param classes length of the list of values that a prediction has; 0 if it has one value. */
  public Values(JsonNode form, int classes) {
    this.kind = form.get("content_type").asText();
    this.contentType = kind.getBytes();
    this.classes = classes;
    this.json = new JsonScanner(kind.equals(JSON));
    this.column = form.get("index").isNull() ? ABSENT : form.get("index").asInt();
    JsonNode path = form.get("steps");
    steps = new Object[path.size()];
    for (int i = 0; i < steps.length; i++) {
      JsonNode step = (JsonNode) path.get(i);
      steps[i] = step.isInt() ? (Object) Integer.valueOf(step.asInt()) : step.asText().getBytes();
    }
  }

  /** Finds the values; false for what is left to the plain way. */
  public boolean read(Payload payload) {
    size = 0;
    predictions = 0;
    floating = false;
    if (kind.equals(CSV)) {
      return rows(payload.text, payload.length);
    }
    if (!kind.equals(JSON)) {
      return lines(payload.text, payload.length);
    }
    json.set(payload.text, 0);
    return follow(0, true) && endsAt(payload.length);
  }

  /** One document a line: its strings hold no line feed, and neither do blanks in it. */
  private boolean lines(byte[] text, int length) {
    int start = 0;
    while (start <= length) {
      int end = lineEnd(text, start, length);
      json.set(text, start);
      if (!blank(text, start, end) && !(follow(0, true) && endsAt(end))) {
        return false;
      }
      start = end + 1;
    }
    return true;
  }

  private boolean endsAt(int position) {
    json.peek();
    return json.at == position;
  }

  private boolean follow(int step, boolean wanted) {
    if (step == steps.length) {
      return classes > 0 ? list(wanted) : leaf(wanted);
    }
    if (steps[step] instanceof Integer) {
      return element(step, ((Integer) steps[step]).intValue(), wanted);
    }
    byte[] name = (byte[]) steps[step];
    return Arrays.equals(name, EACH) ? element(step, ABSENT, wanted) : member(step, name, wanted);
  }

  private boolean member(int step, byte[] name, boolean wanted) {
    if (!json.take('{')) {
      return false;
    }
    boolean met = false;
    int found = json.member(true);
    while (found == 1) {
      boolean own = json.is(name);
      if (own ? met || !follow(step + 1, wanted) : !json.skip()) {
        return false;
      }
      met |= own;
      found = json.member(false);
    }
    return found == 0 && met;
  }

  /** Follows one element of an array, or all of them; the others must be of the same shape. */
  private boolean element(int step, int position, boolean wanted) {
    if (!json.take('[')) {
      return false;
    }
    int n = 0;
    int found = json.element(true);
    while (found == 1) {
      if (!follow(step + 1, wanted && (position == ABSENT || position == n))) {
        return false;
      }
      n++;
      found = json.element(false);
    }
    return found == 0 && n > position;
  }

  private boolean list(boolean wanted) {
    if (!json.take('[')) {
      return false;
    }
    predictions += wanted ? 1 : 0;
    int found = json.element(true);
    while (found == 1) {
      if (!scalar(wanted)) {
        return false;
      }
      found = json.element(false);
    }
    return found == 0 && complete();
  }

  private boolean leaf(boolean wanted) {
    predictions += wanted ? 1 : 0;
    return scalar(wanted);
  }

  private boolean scalar(boolean wanted) {
    if (!wanted) {
      return json.skip();
    }
    boolean text = json.peek() == '"';
    if (text ? !json.string() || json.escaped : !json.number()) {
      return false;
    }
    // The engine writes a number again: 1.50 as 1.5, -0 as 0. Its value stays, its text does not.
    floating |= !text && (!json.whole || json.text[json.start] == '-');
    add(json.start, json.end);
    return true;
  }

  private boolean rows(byte[] text, int length) {
    int start = 0;
    while (start <= length) {
      int end = lineEnd(text, start, length);
      if (!blank(text, start, end) && !row(text, start, end)) {
        return false;
      }
      start = end + 1;
    }
    return true;
  }

  private boolean row(byte[] text, int from, int to) {
    boolean every = column == ABSENT;
    boolean one = classes > 0 || !every;
    predictions += one ? 1 : 0;
    int start = from;
    int n = 0;
    for (int i = from; i <= to && (every || n <= column); i++) {
      if (i == to || text[i] == ',') {
        if (every || n == column) {
          predictions += one ? 0 : 1;
          add(start, i);
        }
        start = i + 1;
        n++;
      }
    }
    if (every) {
      return complete();
    }
    if (n <= column) {
      add(ABSENT, ABSENT);
    }
    // Quotes may hide a comma.
    return !contains(text, from, to, '"');
  }

  /** Whether each prediction has as many values as there are classes. */
  private boolean complete() {
    return size == predictions * Math.max(classes, 1);
  }

  private static boolean contains(byte[] text, int from, int to, char sign) {
    for (int i = from; i < to; i++) {
      if (text[i] == sign) {
        return true;
      }
    }
    return false;
  }

  private static int lineEnd(byte[] text, int from, int length) {
    int end = from;
    while (end < length && text[end] != '\n') {
      end++;
    }
    return end;
  }

  private static boolean blank(byte[] text, int from, int to) {
    for (int i = from; i < to; i++) {
      if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r') {
        return false;
      }
    }
    return true;
  }

  private void add(int start, int end) {
    if (size == from.length) {
      from = Arrays.copyOf(from, 2 * size);
      to = Arrays.copyOf(to, 2 * size);
    }
    from[size] = start;
    to[size++] = end;
  }

  /** Leaves out blanks, and quotes of CSV, at both ends of a value. */
  public void trim(int n, byte[] text) {
    while (from[n] < to[n] && margin(text[from[n]])) {
      from[n]++;
    }
    while (from[n] < to[n] && margin(text[to[n] - 1])) {
      to[n]--;
    }
  }

  private boolean margin(byte sign) {
    return sign == ' ' || sign == '\t' || sign == '\r' || sign == '\n'
        || (sign == '"' && kind.equals(CSV));
  }
}
