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

  private final int classes;
  private final Values[] scoreForms;
  private final Slices slices;
  private final Amounts amounts;
  private final JsonScanner json = new JsonScanner(false);
  private final Side output = new Side();
  private final Side input = new Side();
  private final Decimal number = new Decimal();

  private boolean metOutput;
  private boolean metInput;
  private boolean metTime;
  private byte[] eventId;
  private byte[] inferenceId;

  /** What the last record holds: scores by prediction, then by class. */
  public byte[] event;
  public long time;
  public int predictions;
  public double[] scores = new double[16];

  public CaptureRecord(JsonNode form) {
    classes = form.get("classes").size();
    JsonNode forms = form.get("scores");
    scoreForms = new Values[forms.size()];
    for (int i = 0; i < scoreForms.length; i++) {
      scoreForms[i] = new Values((JsonNode) forms.get(i), classes);
    }
    slices = new Slices(form.get("slices"));
    amounts = new Amounts(form.get("amount"));
  }

  /** Feature values of the last record. */
  public Slices slices() {
    return slices;
  }

  /** Amounts of the last record. */
  public Amounts amounts() {
    return amounts;
  }

  /** Reads the line that starts here; position of its line feed, or -1 for the plain way. */
  public int read(byte[] bytes, int from) {
    json.set(bytes, from);
    metOutput = false;
    metInput = false;
    metTime = false;
    eventId = null;
    inferenceId = null;
    if (!members() || json.peek() != '\n' || !metOutput || !metTime) {
      return -1;
    }
    event = inferenceId != null && inferenceId.length > 0 ? inferenceId : eventId;
    if (event == null || event.length == 0) {
      return -1;
    }
    event = Text.eventKey(event);
    return scores(bytes) && features(bytes) ? json.at : -1;
  }

  private boolean features(byte[] line) {
    Side request = metInput ? input : null;
    return (request == null || request.decode(line))
        && slices.read(line, request, predictions)
        && amounts.read(line, request, predictions);
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
        if (metOutput || !output.read(json)) {
          return false;
        }
        metOutput = true;
      } else if ((slices.any() || amounts.any()) && json.is(INPUT)) {
        if (metInput || !input.read(json)) {
          return false;
        }
        metInput = true;
      } else if (!json.skip()) {
        return false;
      }
      found = json.member(false);
    }
    return found == 0;
  }

  private boolean metadata() {
    if (!json.take('{')) {
      return false;
    }
    int found = json.member(true);
    while (found == 1) {
      if (json.is(EVENT_ID)) {
        if (eventId != null || (eventId = plain()) == null) {
          return false;
        }
      } else if (json.is(INFERENCE_ID)) {
        if (inferenceId != null || (inferenceId = plain()) == null) {
          return false;
        }
      } else if (json.is(INFERENCE_TIME)) {
        if (metTime || !json.string()) {
          return false;
        }
        time = Text.time(json.text, json.start, json.end);
        metTime = true;
        if (time == Text.NO_TIME) {
          return false;
        }
      } else if (!json.skip()) {
        return false;
      }
      found = json.member(false);
    }
    return found == 0;
  }

  /** A string without escapes, or null. */
  private byte[] plain() {
    boolean good = json.string() && !json.escaped && json.end - json.start < 1024;
    return good ? Arrays.copyOfRange(json.text, json.start, json.end) : null;
  }

  private boolean scores(byte[] line) {
    Values form = scoreForms[0];
    if (output.typed) {
      form = null;
      for (int i = 0; i < scoreForms.length && form == null; i++) {
        form = output.is(scoreForms[i].contentType, line) ? scoreForms[i] : null;
      }
    }
    if (form == null || !output.decode(line) || !form.read(output.payload)) {
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
