package ml_insights;

import com.fasterxml.jackson.databind.JsonNode;
import org.apache.spark.unsafe.types.UTF8String;

/** Positions of names among those that the settings have. */
public final class Places {
  private final String kind;
  private final UTF8String[] names;
  private int last;

  /** @param kind what the names are of, for the message about one that is not among them. */
  public Places(String kind, JsonNode names) {
    this.kind = kind;
    this.names = Counts.texts(names);
  }

  public int size() {
    return names.length;
  }

  public int of(UTF8String name) {
    // Most rows have the name of the row before.
    if (!names[last].equals(name)) {
      last = find(name);
    }
    return last;
  }

  private int find(UTF8String name) {
    for (int i = 0; i < names.length; i++) {
      if (names[i].equals(name)) {
        return i;
      }
    }
    // `failures.py` knows it by its first word. The thread of the driver that reads why a task failed
    // may not know our classes, so an exception of our own would get there without its reason.
    throw new IllegalArgumentException("ContractError: raw_predictions has a " + kind
        + " that the settings do not name, " + name + ": materialize raw_predictions of the day again.");
  }
}
