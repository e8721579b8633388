package ml_insights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.connector.catalog.SupportsRead;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.catalog.TableProvider;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.connector.read.Batch;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Capture or ground truth files as a Spark table: how Spark's interface for sources meets our readers.
 *
 * What belongs here: that interface and nothing else. Options: `spec`, a JSON document (see
 * `native_reader.py`), `columns`, and `name`, the name that `announce` was told.
 */
public class RecordSource implements TableProvider {
  private static final ConcurrentHashMap FILES = new ConcurrentHashMap();
  private static final ConcurrentHashMap ACCUMULATORS = new ConcurrentHashMap();

  /**
   * Makes known to the table that is read by this name: files, a list for each tag, and accumulators.
   *
   * @param told gets the counts of the readers. @param newest gets the newest file's time.
   */
  public void announce(String name, List files, CollectionAccumulator told, LongAccumulator newest) {
    FILES.put(name, files.toArray(new List[0]));
    ACCUMULATORS.put(name, new Object[] {told, newest});
  }

  public void forget(String name) {
    FILES.remove(name);
    ACCUMULATORS.remove(name);
  }

  public StructType inferSchema(CaseInsensitiveStringMap options) {
    return StructType.fromDDL(options.get("columns"));
  }

  public Table getTable(StructType schema, Transform[] partitioning, Map properties) {
    Map options = new CaseInsensitiveStringMap(properties);
    Object name = options.get("name");
    List[] files = (List[]) FILES.get(name);
    Object[] accumulators = (Object[]) ACCUMULATORS.get(name);
    return new Records(
        schema,
        (String) options.get("spec"),
        files,
        (CollectionAccumulator) accumulators[0],
        (LongAccumulator) accumulators[1]);
  }

  /** Parses a spec. */
  public static JsonNode parsed(String spec) {
    try {
      return new ObjectMapper().readTree(spec);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** A table that is read as a whole. */
  public static class Records implements Table, SupportsRead, ScanBuilder, Scan, Batch {
    private final StructType schema;
    private final String spec;
    private final List[] files;
    private final CollectionAccumulator told;
    private final LongAccumulator newest;

    public Records(
        StructType schema, String spec, List[] files, CollectionAccumulator told, LongAccumulator newest) {
      this.schema = schema;
      this.spec = spec;
      this.files = files;
      this.told = told;
      this.newest = newest;
    }

    public String name() {
      return "ml_insights_records";
    }

    public StructType schema() {
      return schema;
    }

    public StructType readSchema() {
      return schema;
    }

    public Set capabilities() {
      return EnumSet.of(TableCapability.BATCH_READ);
    }

    public ScanBuilder newScanBuilder(CaseInsensitiveStringMap options) {
      return this;
    }

    public Scan build() {
      return this;
    }

    public Batch toBatch() {
      return this;
    }

    public InputPartition[] planInputPartitions() {
      SparkSession session = SparkSession.active();
      JsonNode sizes = parsed(spec);
      Tasks tasks = new Tasks(
          configuration(session), sizes.get("task_bytes").asLong(), sizes.get("open_bytes").asLong());
      FileGroup[] groups = tasks.plan(files, session.sparkContext().defaultParallelism());
      newest.setValue(newest(groups) / 1000L);
      return groups;
    }

    private static long newest(FileGroup[] groups) {
      long newest = 0;
      for (int i = 0; i < groups.length; i++) {
        for (int n = 0; n < groups[i].slices.length; n++) {
          newest = Math.max(newest, groups[i].slices[n].modified);
        }
      }
      return newest;
    }

    public PartitionReaderFactory createReaderFactory() {
      Configuration configuration = configuration(SparkSession.active());
      return new Readers(spec, new SerializableConfiguration(configuration), told);
    }

    private static Configuration configuration(SparkSession session) {
      return session.sessionState().newHadoopConf();
    }
  }

  /** Makes the reader of each task. */
  public static class Readers implements PartitionReaderFactory {
    private final String spec;
    private final SerializableConfiguration configuration;
    private final CollectionAccumulator told;

    public Readers(String spec, SerializableConfiguration configuration, CollectionAccumulator told) {
      this.spec = spec;
      this.configuration = configuration;
      this.told = told;
    }

    public PartitionReader createReader(InputPartition partition) {
      FileGroup group = (FileGroup) partition;
      JsonNode form = parsed(spec);
      Lines lines = new Lines(configuration.value());
      return form.get("record").asText().equals("capture")
          ? (PartitionReader) new CaptureReader(form, lines, group, told)
          : new LabelReader(form, lines, group, told);
    }
  }
}
