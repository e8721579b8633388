package ml_insights;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.io.api.Binary;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.OutputWriter;
import org.apache.spark.sql.types.StructType;

/**
 * A file of accepted records, or of lines that are left to the plain way.
 *
 * What belongs here: which of both it is, by its first row. What does not: their columns
 * (`CaptureColumns`), Parquet (`ParquetRows`).
 */
public final class CaptureWriter extends OutputWriter {
  private static final StructType LEFT =
      StructType.fromDDL("source_object string, line string");

  private final String path;
  private final JsonNode spec;
  private final Configuration configuration;
  private final CaptureColumns accepted;
  private final Packed block = new Packed();
  private ParquetRows rows;

  public CaptureWriter(String path, JsonNode spec, Configuration configuration) {
    this.path = path;
    this.spec = spec;
    this.configuration = configuration;
    this.accepted = new CaptureColumns(spec);
  }

  public String path() {
    return path;
  }

  /** Takes a row of `CaptureReader` without variant and kind: a block, or an object and its line. */
  public void write(InternalRow row) {
    try {
      if (row.isNullAt(0)) {
        open(LEFT);
        rows.columns[0].write(Binary.fromConstantByteArray(row.getUTF8String(1).getBytes()), 0, 1);
        rows.columns[1].write(Binary.fromConstantByteArray(row.getUTF8String(2).getBytes()), 0, 1);
        rows.end();
      } else {
        open(CaptureColumns.accepted(spec));
        block.set(row.getBinary(0), 0);
        int size = block.bytes.length - Packed.SLACK;
        while (block.at < size) {
          accepted.write(block, rows);
        }
      }
      rows.flushIfLarge();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private void open(StructType schema) throws IOException {
    if (rows == null) {
      rows = new ParquetRows(path, schema, configuration);
    }
  }

  public void close() {
    try {
      if (rows != null) {
        rows.close();
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }
}
