package ml_insights;

import com.fasterxml.jackson.databind.JsonNode;
import org.apache.hadoop.mapreduce.Job;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.datasources.OutputWriter;
import org.apache.spark.sql.execution.datasources.OutputWriterFactory;
import org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat;
import org.apache.spark.sql.types.StructType;

/**
 * Parquet, written from the rows of `CaptureReader`: how Spark's interface for files meets our writer.
 *
 * What belongs here: that interface. Folders, attempts and commits stay Spark's, and so do the names of
 * files and all settings of Parquet. Option `spec`: the document that `RecordSource` is told.
 */
public final class CaptureFormat extends ParquetFileFormat {
  public OutputWriterFactory prepareWrite(
      SparkSession session, Job job, scala.collection.immutable.Map options, StructType rows) {
    String spec = (String) options.apply("spec");
    StructType table = CaptureColumns.accepted(RecordSource.parsed(spec));
    return new Writers(super.prepareWrite(session, job, options, table), spec);
  }

  /** Makes the writer of each file. */
  public static final class Writers extends OutputWriterFactory {
    private final OutputWriterFactory parquet;
    private final String spec;

    public Writers(OutputWriterFactory parquet, String spec) {
      this.parquet = parquet;
      this.spec = spec;
    }

    public String getFileExtension(TaskAttemptContext context) {
      return parquet.getFileExtension(context);
    }

    public OutputWriter newInstance(String path, StructType rows, TaskAttemptContext context) {
      JsonNode given = RecordSource.parsed(spec);
      return new CaptureWriter(path, given, context.getConfiguration());
    }
  }
}
