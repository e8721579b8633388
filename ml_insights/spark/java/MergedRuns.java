package ml_insights;

import java.io.IOException;
import java.util.Comparator;
import java.util.PriorityQueue;

/** Several runs as one. */
public final class MergedRuns extends Run implements Comparator {
  private final PriorityQueue runs = new PriorityQueue(16, this);
  private Run current;

  public void add(Run run) throws IOException {
    if (run.advance()) {
      runs.add(run);
    }
  }

  public boolean advance() throws IOException {
    if (current != null) {
      add(current);
    }
    current = (Run) runs.poll();
    if (current == null) {
      return false;
    }
    bytes = current.bytes;
    from = current.from;
    to = current.to;
    rank = current.rank;
    return true;
  }

  public int compare(Object one, Object other) {
    return ((Run) one).order((Run) other);
  }
}
