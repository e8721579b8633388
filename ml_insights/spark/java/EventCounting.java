package ml_insights;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.HashPartitioner;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.rdd.RDD;
import org.apache.spark.rdd.ShuffledRDD;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.UnsafeRowSerializer;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.LongAccumulator;
import scala.reflect.ClassTag;

/**
 * The way from plans of predictions and labels to the table of counts, as Spark meets it.
 *
 * What belongs here: the shuffle by event between two stages, and the columns of rows, which
 * `native_counts.py` names. What does not: what is done before (`Packing`) and after (`DayEvents`).
 */
public class EventCounting implements FlatMapFunction {
  private String spec;
  private LongAccumulator[] sums;
  private CollectionAccumulator times;

  /**
   * Counts of a day.
   *
   * @param labels null if there are none.
   * @param sums what `DayEvents` adds up; complete and exact when the counts are written, since Spark
   *     counts every task of an action's last stage once.
   * @param times newest object of each task.
   * @param uncounted see `PackedLabels`.
   */
  public RDD over(
      SparkPlan predictions,
      SparkPlan labels,
      String spec,
      List sums,
      CollectionAccumulator times,
      CollectionAccumulator uncounted) {
    this.spec = spec;
    this.sums = (LongAccumulator[]) sums.toArray(new LongAccumulator[0]);
    this.times = times;
    int targets = RecordSource.parsed(spec).get("targets").asInt();
    ClassTag any = scala.reflect.ClassTag$.MODULE$.AnyRef();
    RDD packed = packed(predictions, labels, spec, uncounted);
    // A target is its own hash, so that it is the partition.
    ShuffledRDD met = new ShuffledRDD(packed, new HashPartitioner(targets), any, any, any);
    met.setSerializer(new UnsafeRowSerializer(1, null));
    return met.toJavaRDD().mapPartitions(this).rdd();
  }

  /** Pairs of a partition and a block of records for it. */
  public RDD packed(
      SparkPlan predictions, SparkPlan labels, String spec, CollectionAccumulator uncounted) {
    JavaPairRDD packed = packed(predictions, new Packing(spec, false, uncounted));
    if (labels != null) {
      packed = packed.union(packed(labels, new Packing(spec, true, uncounted)));
    }
    return packed.rdd();
  }

  private static JavaPairRDD packed(SparkPlan plan, Packing packing) {
    return new PlanRows().of(plan).toJavaRDD().mapPartitionsToPair(packing);
  }

  public Iterator call(Object blocks) throws IOException {
    JsonNode given = RecordSource.parsed(spec);
    ScoreGrid grid = new ScoreGrid(given.get("octaves").asInt(), given.get("bits").asInt());
    RecordSort sort = new RecordSort(TaskContext.get(), given.get("held_bytes").asLong());
    Run records = sort.sorted((Iterator) blocks);
    return new DayEvents(records, grid, new Counts(given, grid.size), sums, times);
  }
}
