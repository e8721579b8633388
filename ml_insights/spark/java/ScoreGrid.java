package ml_insights;

/**
 * The place of a score on the threshold grid, the same integers as `binning.with_bin_position`.
 */
public final class ScoreGrid {
  private static final double OFFSET_UNITS = 1 << 20;

  public final int size;

  /** Of the last score: its bin, and its distance above the bin's threshold. */
  public int index;
  public long offset;

  private final int bits;
  private final long part;
  private final double scale;

  public ScoreGrid(int octaves, int bits) {
    this.bits = bits;
    part = 1L << bits;
    scale = (double) (1L << (octaves + bits));
    size = 2 * ((octaves - 1) * (1 << bits) + 1);
  }

  /** Scaling by powers of two is exact. A bin below 1/2 holds its lower edge, above its upper. */
  public void place(double score) {
    boolean low = score < 0.5;
    double distance = (low ? score : 1.0 - score) * scale;
    long units = low ? (long) Math.floor(distance) : (long) Math.ceil(distance) - 1L;
    int octave = units < part ? bits : 63 - Long.numberOfLeadingZeros(units) - bits;
    double place = distance / (double) (1L << octave);
    long whole = units < part ? 0L : low ? (long) Math.floor(place) : (long) Math.ceil(place) - 1L;
    int side = units < part ? 0 : (int) (1L + octave * part + whole - part);
    index = low ? side : size - 1 - side;
    double above = low ? place - (double) whole : (double) (whole + 1L) - place;
    offset = (long) Math.floor(above * OFFSET_UNITS);
  }
}
