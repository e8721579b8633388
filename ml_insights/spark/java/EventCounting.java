package ml_insights;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.rdd.RDD;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.LongAccumulator;

/**
 * The operator between the shuffle by event and the table of counts: how Spark meets `DayEvents`.
 *
 * What belongs here: that, and the columns of its rows, which `native_counts.py` names.
 */
public class EventCounting implements FlatMapFunction {
  private String spec;
  private LongAccumulator[] sums;
  private CollectionAccumulator times;

  /**
   * Counts of sorted rows of whole events.
   *
   * @param sums what `DayEvents` adds up; complete and exact when the counts are written, since Spark
   *     counts every task of an action's last stage once.
   * @param times newest object of each task.
   */
  public RDD over(RDD rows, String spec, List sums, CollectionAccumulator times) {
    this.spec = spec;
    this.sums = (LongAccumulator[]) sums.toArray(new LongAccumulator[0]);
    this.times = times;
    return rows.toJavaRDD().mapPartitions(this).rdd();
  }

  public Iterator call(Object rows) {
    JsonNode given = RecordSource.parsed(spec);
    ScoreGrid grid = new ScoreGrid(given.get("octaves").asInt(), given.get("bits").asInt());
    return new DayEvents((Iterator) rows, grid, new Counts(given, grid.size), sums, times);
  }
}
