package ml_insights;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import org.apache.spark.sql.catalyst.expressions.XXH64;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * The values by which the traffic is sliced, one of each feature for each prediction of a record.
 *
 * What belongs here: which slice a feature's value belongs to. What does not: where it stands
 * (`Values`). The same as `_slices` of the plain way.
 */
public final class Slices {
  /** What Spark's `xxhash64` starts from. */
  private static final long SEED = 42L;

  private final UTF8String missing;
  private final UTF8String notANumber;
  private final Values[] forms;
  private final double[][] edges;
  private final UTF8String[][] ranges;
  private final Decimal number = new Decimal();

  /** Labels of the last record, by prediction and then by feature. */
  private UTF8String[] labels = new UTF8String[16];

  public Slices(JsonNode slices) {
    missing = UTF8String.fromString(slices.get("missing").asText());
    notANumber = UTF8String.fromString(slices.get("not_a_number").asText());
    JsonNode features = slices.get("features");
    forms = new Values[features.size()];
    edges = new double[forms.length][];
    ranges = new UTF8String[forms.length][];
    for (int i = 0; i < forms.length; i++) {
      JsonNode feature = (JsonNode) features.get(i);
      forms[i] = new Values(feature.get("form"), 0);
      edges[i] = new double[feature.get("edges").size()];
      ranges[i] = new UTF8String[feature.get("ranges").size()];
      for (int n = 0; n < edges[i].length; n++) {
        edges[i][n] = ((JsonNode) feature.get("edges").get(n)).asDouble();
      }
      for (int n = 0; n < ranges[i].length; n++) {
        ranges[i][n] = UTF8String.fromString(((JsonNode) feature.get("ranges").get(n)).asText());
      }
    }
  }

  public boolean any() {
    return forms.length > 0;
  }

  /** Reads the decoded request of a record, null if it has none; false for the plain way. */
  public boolean read(Side request, int predictions) {
    if (!any()) {
      return true;
    }
    if (labels.length < predictions * forms.length) {
      labels = new UTF8String[2 * predictions * forms.length];
    }
    Arrays.fill(labels, 0, predictions * forms.length, missing);
    if (request == null) {
      return true;
    }
    for (int i = 0; i < forms.length; i++) {
      boolean own = !request.typed || request.is(forms[i].contentType);
      if (own && !label(i, request.payload, predictions)) {
        return false;
      }
    }
    return true;
  }

  private boolean label(int feature, Payload payload, int predictions) {
    Values values = forms[feature];
    if (!values.read(payload) || (values.floating && edges[feature].length == 0)) {
      return false;
    }
    // Only when the request has one value for each prediction do positions correspond.
    if (values.size == predictions) {
      for (int n = 0; n < predictions; n++) {
        if (values.from[n] != Values.ABSENT) {
          values.trim(n, payload.text);
          UTF8String label = label(feature, payload.text, values.from[n], values.to[n]);
          if (label == null) {
            return false;
          }
          labels[n * forms.length + feature] = label;
        }
      }
    }
    return true;
  }

  /** Null for a number too large for a double, which the engine writes in words. */
  private UTF8String label(int feature, byte[] text, int from, int to) {
    double[] cuts = edges[feature];
    if (from == to) {
      return missing;
    }
    if (cuts.length == 0) {
      return UTF8String.fromBytes(Arrays.copyOfRange(text, from, to));
    }
    if (!number.read(text, from, to)) {
      return notANumber;
    }
    if (Double.isInfinite(number.value)) {
      return null;
    }
    int n = 0;
    while (n < cuts.length && number.value >= cuts[n]) {
      n++;
    }
    return ranges[feature][n];
  }

  /** Writes the slice of a prediction of the last record: its id and its values. */
  public void write(int prediction, Packed block) {
    block.writeWord(id(prediction));
    for (int i = prediction * forms.length; i < (prediction + 1) * forms.length; i++) {
      block.write(labels[i].getBytes());
    }
  }

  /** `slice_id` of a prediction: what Spark's `xxhash64` is of the values. */
  private long id(int prediction) {
    if (!any()) {
      return 0;
    }
    long hash = SEED;
    for (int i = prediction * forms.length; i < (prediction + 1) * forms.length; i++) {
      UTF8String label = labels[i];
      hash = XXH64.hashUnsafeBytes(label.getBaseObject(), label.getBaseOffset(), label.numBytes(), hash);
    }
    return hash;
  }
}
