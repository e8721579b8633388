package ml_insights;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Iterator;
import org.apache.spark.api.java.function.PairFlatMapFunction;
import org.apache.spark.util.CollectionAccumulator;

/** What tasks do before the shuffle by event: rows become blocks. */
public final class Packing implements PairFlatMapFunction {
  private final String spec;
  private final boolean labels;
  private final CollectionAccumulator uncounted;

  /**
   * @param labels whether the rows are labels, or predictions.
   * @param uncounted see `PackedLabels`.
   */
  public Packing(String spec, boolean labels, CollectionAccumulator uncounted) {
    this.spec = spec;
    this.labels = labels;
    this.uncounted = uncounted;
  }

  public Iterator call(Object rows) {
    JsonNode given = RecordSource.parsed(spec);
    Blocks blocks = new Blocks(given.get("targets").asInt(), given.get("block_bytes").asInt());
    if (labels) {
      LabelTexts others = new LabelTexts(given.get("others"));
      int slots = given.get("held_events").asInt();
      return new PackedLabels((Iterator) rows, blocks, slots, others, uncounted);
    }
    return new PackedPredictions((Iterator) rows, blocks, given);
  }
}
