package ml_insights;

import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.spark.util.CollectionAccumulator;

/**
 * Numbers that tasks before a shuffle tell the driver, each task's once.
 *
 * Such a task runs again when its result is lost with an executor, and Spark adds what it tells to what
 * it told before. So a task tells which it is, too: it told the same numbers each time.
 */
public final class TaskReports {
  public static void tell(CollectionAccumulator told, int task, long[] numbers) {
    long[] report = new long[numbers.length + 1];
    report[0] = task;
    System.arraycopy(numbers, 0, report, 1, numbers.length);
    told.add(report);
  }

  /** What the tasks told, added up. @param size numbers that each told. */
  public long[] sums(CollectionAccumulator told, int size) {
    Map byTask = new HashMap();
    List reports = told.value();
    for (int i = 0; i < reports.size(); i++) {
      long[] report = (long[]) reports.get(i);
      byTask.put(Long.valueOf(report[0]), report);
    }
    long[] sums = new long[size];
    for (Iterator each = byTask.values().iterator(); each.hasNext();) {
      long[] report = (long[]) each.next();
      for (int i = 0; i < size; i++) {
        sums[i] += report[i + 1];
      }
    }
    return sums;
  }
}
