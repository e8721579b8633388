package ml_insights;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;

/**
 * A line of SageMaker ground truth, read by a strict scanner; or left to the plain way.
 *
 * What belongs here: the members of a record and the codes of its labels. What does not: files and
 * lines (`Lines`), rows (`LabelReader`).
 */
public final class LabelRecord {
  private static final byte[] DATA = "groundTruthData".getBytes();
  private static final byte[] METADATA = "eventMetadata".getBytes();
  private static final byte[] EVENT_ID = "eventId".getBytes();

  private final Values csv;
  private final Values json;
  private final Values first;
  private final byte[][] labels;
  private final double[] numbers;
  private final Integer[] labelCodes;
  private final Integer otherwise;
  private final byte[][] missing;
  private final JsonScanner scanner = new JsonScanner(false);
  private final Side side = new Side();
  private final Decimal number = new Decimal();

  /** What the last record holds; a code is null where a label is missing. */
  public byte[] event;
  public int size;
  public Integer[] codes = new Integer[16];

  /** Where they stood in the payload. */
  private Values found;

  public LabelRecord(JsonNode form) {
    csv = values(form.get("csv"));
    json = values(form.get("json"));
    first = values(form.get("first"));
    JsonNode legal = form.get("legal");
    labels = new byte[legal.size()][];
    numbers = new double[labels.length];
    labelCodes = new Integer[labels.length];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = bytes(((JsonNode) legal.get(i)).get("text"));
      numbers[i] = ((JsonNode) legal.get(i)).get("number").isNull() ? Double.NaN : ((JsonNode) legal.get(i)).get("number").asDouble();
      labelCodes[i] = Integer.valueOf(((JsonNode) legal.get(i)).get("code").asInt());
    }
    otherwise = Integer.valueOf(form.get("otherwise").asInt());
    missing = new byte[form.get("missing").size()][];
    for (int i = 0; i < missing.length; i++) {
      missing[i] = bytes((JsonNode) form.get("missing").get(i));
    }
  }

  private static Values values(JsonNode form) {
    return form.isNull() ? null : new Values(form, 0);
  }

  private static byte[] bytes(JsonNode text) {
    return text.asText().getBytes(java.nio.charset.StandardCharsets.UTF_8);
  }

  /** Reads the line that starts here; position of its line feed, or -1 for the plain way. */
  public int read(byte[] bytes, int from) {
    scanner.set(bytes, from);
    event = null;
    if (!members() || scanner.peek() != '\n' || event == null || event.length == 0) {
      return -1;
    }
    event = Text.eventKey(event);
    Values form = side.base64 ? first : side.csv ? csv : json;
    if (form == null || !side.decode(bytes) || !form.read(side.payload) || form.size == 0) {
      return -1;
    }
    found = form;
    return codes(form) ? scanner.at : -1;
  }

  /** Counts what labels of the last record say that the settings do not name. */
  public void countOthers(LabelTexts others) {
    for (int n = 0; n < size; n++) {
      if (otherwise.equals(codes[n])) {
        others.add(side.payload.text, found.from[n], found.to[n]);
      }
    }
  }

  private boolean members() {
    if (!scanner.take('{')) {
      return false;
    }
    boolean met = false;
    int found = scanner.member(true);
    while (found == 1) {
      if (scanner.is(DATA)) {
        if (met || !side.read(scanner)) {
          return false;
        }
        met = true;
      } else if (scanner.is(METADATA)) {
        if (event != null || !metadata()) {
          return false;
        }
      } else if (!scanner.skip()) {
        return false;
      }
      found = scanner.member(false);
    }
    return found == 0 && met;
  }

  private boolean metadata() {
    if (!scanner.take('{')) {
      return false;
    }
    int found = scanner.member(true);
    while (found == 1) {
      if (scanner.is(EVENT_ID)) {
        if (event != null || !scanner.string() || scanner.escaped) {
          return false;
        }
        event = Arrays.copyOfRange(scanner.text, scanner.start, scanner.end);
      } else if (!scanner.skip()) {
        return false;
      }
      found = scanner.member(false);
    }
    return found == 0 && event != null;
  }

  private boolean codes(Values form) {
    size = form.size;
    if (codes.length < size) {
      codes = new Integer[2 * size];
    }
    byte[] text = side.payload.text;
    for (int n = 0; n < size; n++) {
      if (form.from[n] == Values.ABSENT) {
        codes[n] = null;
        continue;
      }
      form.trim(n, text);
      for (int i = form.from[n]; i < form.to[n]; i++) {
        if (text[i] < 0) {
          return false;
        }
      }
      codes[n] = code(text, form.from[n], form.to[n]);
    }
    return true;
  }

  private Integer code(byte[] text, int from, int to) {
    for (int i = 0; i < missing.length; i++) {
      if (same(text, from, to, missing[i], true)) {
        return null;
      }
    }
    boolean decimal = number.read(text, from, to);
    for (int i = 0; i < labels.length; i++) {
      boolean equal = decimal && number.value == numbers[i];
      if (equal || same(text, from, to, labels[i], false)) {
        return labelCodes[i];
      }
    }
    return otherwise;
  }

  private static boolean same(byte[] text, int from, int to, byte[] other, boolean anyCase) {
    boolean same = to - from == other.length;
    for (int i = 0; same && i < other.length; i++) {
      int sign = text[from + i];
      same = (anyCase && sign >= 'A' && sign <= 'Z' ? sign + 32 : sign) == other[i];
    }
    return same;
  }
}
