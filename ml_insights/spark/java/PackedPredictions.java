package ml_insights;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Iterator;
import org.apache.spark.sql.catalyst.InternalRow;

/** Predictions on their way into the shuffle by event: rows of `native_counts._prediction_rows`. */
public final class PackedPredictions extends PackedRows {
  private final Prediction prediction = new Prediction();
  private final Places variants;
  private final Places classes;
  private final boolean amounts;

  public PackedPredictions(Iterator rows, Blocks blocks, JsonNode spec) {
    super(rows, blocks);
    variants = new Places("variant", spec.get("variants"));
    classes = new Places("class_label", spec.get("class_labels"));
    amounts = spec.get("amounts").asBoolean();
  }

  public void add(InternalRow row) {
    prediction.index = row.getInt(1);
    prediction.of = row.getInt(2);
    int label = classes.of(row.getUTF8String(3));
    prediction.score = row.getDouble(4) + 0.0;
    prediction.slice = row.getLong(5);
    prediction.time = row.isNullAt(6) ? Prediction.NO_TIME : row.getLong(6);
    prediction.amount = !amounts || row.isNullAt(7) ? Prediction.NO_AMOUNT : row.getLong(7);
    int variant = variants.of(row.getUTF8String(amounts ? 8 : 7));
    prediction.place = variant * classes.size() + label;
    prediction.write(blocks.begin(row.getBinary(0), prediction.place));
    blocks.end();
  }

  public void finish() {}
}
