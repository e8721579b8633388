package ml_insights;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;

/**
 * A line of SageMaker data capture, read by a strict scanner; or left to the plain way.
 *
 * What belongs here: the members of a record, and what its predictions are. What does not: files
 * and lines (`Lines`), rows (`CaptureReader`). Accepted is only a record in which everything is as
 * it should be: what is damaged or unusual in any way has its reason found by the plain way.
 */
public final class CaptureRecord {
  private static final byte[] DATA = "captureData".getBytes();
  private static final byte[] METADATA = "eventMetadata".getBytes();
  private static final byte[] OUTPUT = "endpointOutput".getBytes();
  private static final byte[] INPUT = "endpointInput".getBytes();
  private static final byte[] EVENT_ID = "eventId".getBytes();
  private static final byte[] INFERENCE_ID = "inferenceId".getBytes();
  private static final byte[] INFERENCE_TIME = "inferenceTime".getBytes();

  /** Places of the strings that matter. */
  private static final int OUTPUT_DATA = 0;
  private static final int INPUT_DATA = 1;
  private static final int EVENT = 2;
  private static final int INFERENCE = 3;
  private static final int TIME = 4;

  /** Strings on which the reading of others depends: the same in all lines of a shape. */
  private static final int OUTPUT_FORM = 5;
  private static final int INPUT_FORM = 7;
  private static final int PLACES = 9;

  private static final int ABSENT = -1;
  private static final int LONGEST_ID = 1024;

  private final Values[] scoreForms;
  private final Slices slices;
  private final Amounts amounts;
  private final JsonScanner json = new JsonScanner(false);
  private final Side output = new Side();
  private final Side input = new Side();
  private final Decimal number = new Decimal();

  /** By place: start in the line or `ABSENT`, end, whether there are escapes. */
  private final int[] starts = new int[PLACES];
  private final int[] ends = new int[PLACES];
  private final boolean[] escaped = new boolean[PLACES];
  private final Shape shape = new Shape(starts, ends, escaped, OUTPUT_FORM);

  /** What the last record holds: scores by prediction, then by class. */
  private byte[] event;
  private long time;
  private double[] scores = new double[16];
  public int predictions;

  public CaptureRecord(JsonNode form) {
    int classes = form.get("classes").size();
    JsonNode forms = form.get("scores");
    scoreForms = new Values[forms.size()];
    for (int i = 0; i < scoreForms.length; i++) {
      scoreForms[i] = new Values((JsonNode) forms.get(i), classes);
    }
    slices = new Slices(form.get("slices"));
    amounts = new Amounts(form.get("amount"));
  }

  /** Writes the last record, as `CaptureColumns` reads it. @param labels classes of a prediction. */
  public void write(Packed block, int labels) {
    block.write(event);
    block.writeWord(time);
    block.write((long) predictions);
    for (int prediction = 0; prediction < predictions; prediction++) {
      slices.write(prediction, block);
      amounts.write(prediction, block);
      for (int label = 0; label < labels; label++) {
        block.writeWord(Double.doubleToRawLongBits(scores[prediction * labels + label]));
      }
    }
  }

  /** Reads the line that starts here; position of its line feed, or -1 for the plain way. */
  public int read(byte[] bytes, int from) {
    int end = shape.read(bytes, from);
    if (end < 0) {
      shape.forget();
      end = scan(bytes, from);
    }
    return end >= 0 && event(bytes) && scores(bytes) && features(bytes) ? end : -1;
  }

  /** Finds the strings that matter, member by member. */
  private int scan(byte[] bytes, int from) {
    json.set(bytes, from);
    Arrays.fill(starts, ABSENT);
    if (!members() || json.peek() != '\n' || starts[OUTPUT_DATA] < 0 || starts[TIME] < 0) {
      return -1;
    }
    shape.learn(bytes, from, json.at);
    return json.at;
  }

  /** The key and the time of the event. */
  private boolean event(byte[] line) {
    if (!plain(EVENT) || !plain(INFERENCE)) {
      return false;
    }
    int id = ends[INFERENCE] > starts[INFERENCE] && starts[INFERENCE] >= 0 ? INFERENCE : EVENT;
    if (starts[id] < 0 || starts[id] == ends[id]) {
      return false;
    }
    event = Text.eventKey(Arrays.copyOfRange(line, starts[id], ends[id]));
    time = Text.time(line, starts[TIME], ends[TIME]);
    return time != Text.NO_TIME;
  }

  /** Whether an id is a string without escapes and not too long, if it is there. */
  private boolean plain(int id) {
    return starts[id] < 0 || (!escaped[id] && ends[id] - starts[id] < LONGEST_ID);
  }

  private boolean features(byte[] line) {
    if (!slices.any() && !amounts.any()) {
      return true;
    }
    Side request = starts[INPUT_DATA] < 0 ? null : input;
    return (request == null || decode(request, INPUT_DATA, line))
        && slices.read(request, predictions)
        && amounts.read(request, predictions);
  }

  private boolean decode(Side side, int place, byte[] line) {
    side.start = starts[place];
    side.end = ends[place];
    side.escaped = escaped[place];
    return side.decode(line);
  }

  private boolean members() {
    if (!json.take('{')) {
      return false;
    }
    boolean metData = false;
    boolean metMetadata = false;
    int found = json.member(true);
    while (found == 1) {
      if (json.is(DATA)) {
        if (metData || !sides()) {
          return false;
        }
        metData = true;
      } else if (json.is(METADATA)) {
        if (metMetadata || !metadata()) {
          return false;
        }
        metMetadata = true;
      } else if (!json.skip()) {
        return false;
      }
      found = json.member(false);
    }
    return found == 0;
  }

  private boolean sides() {
    if (!json.take('{')) {
      return false;
    }
    int found = json.member(true);
    while (found == 1) {
      if (json.is(OUTPUT)) {
        if (starts[OUTPUT_DATA] >= 0 || !side(output, OUTPUT_DATA, OUTPUT_FORM)) {
          return false;
        }
      } else if ((slices.any() || amounts.any()) && json.is(INPUT)) {
        if (starts[INPUT_DATA] >= 0 || !side(input, INPUT_DATA, INPUT_FORM)) {
          return false;
        }
      } else if (!json.skip()) {
        return false;
      }
      found = json.member(false);
    }
    return found == 0;
  }

  private boolean side(Side side, int place, int form) {
    if (!side.read(json)) {
      return false;
    }
    starts[place] = side.start;
    ends[place] = side.end;
    escaped[place] = side.escaped;
    starts[form] = side.typeStart;
    starts[form + 1] = side.encodingStart;
    return true;
  }

  private boolean metadata() {
    if (!json.take('{')) {
      return false;
    }
    int found = json.member(true);
    while (found == 1) {
      int place = json.is(EVENT_ID) ? EVENT
          : json.is(INFERENCE_ID) ? INFERENCE : json.is(INFERENCE_TIME) ? TIME : ABSENT;
      if (place == ABSENT ? !json.skip() : !text(place)) {
        return false;
      }
      found = json.member(false);
    }
    return found == 0;
  }

  /** Consumes a string that may occur once. */
  private boolean text(int place) {
    if (starts[place] >= 0 || !json.string()) {
      return false;
    }
    starts[place] = json.start;
    ends[place] = json.end;
    escaped[place] = json.escaped;
    return true;
  }

  private boolean scores(byte[] line) {
    Values form = scoreForms[0];
    if (output.typed) {
      form = null;
      for (int i = 0; i < scoreForms.length && form == null; i++) {
        form = output.is(scoreForms[i].contentType) ? scoreForms[i] : null;
      }
    }
    if (form == null || !decode(output, OUTPUT_DATA, line) || !form.read(output.payload)) {
      return false;
    }
    predictions = form.predictions;
    if (predictions == 0) {
      return false;
    }
    if (scores.length < form.size) {
      scores = new double[2 * form.size];
    }
    byte[] text = output.payload.text;
    for (int n = 0; n < form.size; n++) {
      form.trim(n, text);
      if (form.from[n] < 0 || !number.read(text, form.from[n], form.to[n])) {
        return false;
      }
      scores[n] = number.value;
      if (!(number.value >= 0 && number.value <= 1)) {
        return false;
      }
    }
    return true;
  }
}
