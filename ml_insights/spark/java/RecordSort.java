package ml_insights;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import org.apache.spark.TaskContext;
import org.apache.spark.memory.MemoryConsumer;
import org.apache.spark.memory.MemoryMode;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.util.TaskCompletionListener;
import scala.Tuple2;

/**
 * The records that came for a task, in order: held in memory while there is room, else on disk.
 *
 * What belongs here: the memory, which is of Spark's pool for execution, and that nothing is left of
 * it or on disk when the task ends, however it ends. What does not: the order (`Run`).
 */
public final class RecordSort extends MemoryConsumer implements TaskCompletionListener {
  /** Memory is asked for in steps: the tasks of a process share a lock for it. */
  private static final long STEP = 1L << 20;

  private final TaskContext task;
  private final long most;
  private final ArrayList onDisk = new ArrayList();
  private HeldRecords held = new HeldRecords();
  private long needed;

  /** @param most bytes that are held at a time, if Spark grants them. */
  public RecordSort(TaskContext task, long most) {
    super(task.taskMemoryManager(), 0L, MemoryMode.ON_HEAP);
    this.task = task;
    this.most = most;
    task.addTaskCompletionListener(this);
  }

  /** All records of pairs that `Blocks` gave. */
  public Run sorted(Iterator pairs) throws IOException {
    while (pairs.hasNext()) {
      InternalRow row = (InternalRow) ((Tuple2) pairs.next())._2();
      needed += held.add(row.getBinary(0));
      if (held.full() || !granted()) {
        write();
      }
    }
    held.sort();
    if (onDisk.isEmpty()) {
      return held;
    }
    MergedRuns all = new MergedRuns();
    all.add(held);
    for (int i = 0; i < onDisk.size(); i++) {
      all.add((RunOnDisk) onDisk.get(i));
    }
    return all;
  }

  private boolean granted() {
    if (needed > most) {
      return false;
    }
    while (getUsed() < needed) {
      if (acquireMemory(STEP) < STEP) {
        return false;
      }
    }
    return true;
  }

  private void write() throws IOException {
    RunOnDisk run = new RunOnDisk();
    onDisk.add(run);
    held.sort();
    run.write(held);
    task.taskMetrics().incMemoryBytesSpilled(needed);
    task.taskMetrics().incDiskBytesSpilled(run.size());
    held = new HeldRecords();
    needed = 0;
    freeMemory(getUsed());
  }

  /** Another part of the task wants memory: there is none. */
  public long spill(long size, MemoryConsumer trigger) {
    return 0L;
  }

  public void onTaskCompletion(TaskContext task) {
    for (int i = 0; i < onDisk.size(); i++) {
      ((RunOnDisk) onDisk.get(i)).delete();
    }
    freeMemory(getUsed());
  }
}
