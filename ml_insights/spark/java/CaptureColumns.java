package ml_insights;

import com.fasterxml.jackson.databind.JsonNode;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.spark.sql.types.StructType;

/**
 * Records of a block as values of Parquet columns: one row a prediction and class.
 *
 * What belongs here: which value goes to which column. What does not: files (`ParquetRows`), and what
 * a record says (`CaptureRecord`). No value passes through a row of Spark's, for that cost more than
 * reading the line did.
 */
public final class CaptureColumns {
  /** Levels of a value that is there in an optional column; of list elements, and of empty lists. */
  private static final int THERE = 1;
  private static final int ELEMENT = 3;
  private static final int EMPTY = 1;

  private final Binary[] labels;
  private final int features;
  private final boolean amounts;

  public CaptureColumns(JsonNode spec) {
    JsonNode capture = spec.get("capture");
    labels = new Binary[capture.get("labels").size()];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = Binary.fromString(((JsonNode) capture.get("labels").get(i)).asText());
    }
    features = capture.get("slices").get("features").size();
    amounts = !capture.get("amount").isNull();
  }

  /** Columns of accepted records, in the order of `write`. */
  public static StructType accepted(JsonNode spec) {
    return StructType.fromDDL(spec.get("accepted").asText());
  }

  /** Writes the next record of a block. */
  public void write(Packed block, ParquetRows rows) {
    byte[] event = block.text();
    long time = block.word();
    int predictions = (int) block.number();
    Binary id = Binary.fromConstantByteArray(event);
    Binary[] slice = new Binary[features];
    for (int prediction = 0; prediction < predictions; prediction++) {
      long sliceId = block.word();
      for (int feature = 0; feature < features; feature++) {
        slice[feature] = Binary.fromConstantByteArray(block.text());
      }
      long amount = amounts ? block.number() : 0;
      byte[] reason = amounts ? block.text() : null;
      for (int label = 0; label < labels.length; label++) {
        ColumnWriter[] columns = rows.columns;
        columns[0].write(id, 0, THERE);
        columns[1].write(prediction, 0, THERE);
        columns[2].write(predictions, 0, THERE);
        columns[3].write(labels[label], 0, THERE);
        columns[4].write(Double.longBitsToDouble(block.word()), 0, THERE);
        columns[5].write(sliceId, 0, THERE);
        write(slice, columns[6]);
        columns[7].write(time, 0, THERE);
        if (amounts) {
          write(amount, reason, columns[8], columns[9]);
        }
        rows.end();
      }
    }
  }

  private void write(Binary[] slice, ColumnWriter column) {
    if (slice.length == 0) {
      column.writeNull(0, EMPTY);
    }
    for (int feature = 0; feature < slice.length; feature++) {
      column.write(slice[feature], feature == 0 ? 0 : 1, ELEMENT);
    }
  }

  private static void write(long amount, byte[] reason, ColumnWriter amounts, ColumnWriter reasons) {
    if (reason.length == 0) {
      amounts.write(amount, 0, THERE);
      reasons.writeNull(0, 0);
    } else {
      amounts.writeNull(0, 0);
      reasons.write(Binary.fromConstantByteArray(reason), 0, THERE);
    }
  }
}
