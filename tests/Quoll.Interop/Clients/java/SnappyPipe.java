import java.io.IOException;
import java.io.OutputStream;
import org.xerial.snappy.SnappyInputStream;
import org.xerial.snappy.SnappyOutputStream;

/** Compresses (c) or decompresses (d) standard input to standard output, as ZooKeeper does with its snapshots. */
public final class SnappyPipe {
    public static void main(String[] args) throws IOException {
        switch (args[0]) {
            case "c":
                try (OutputStream out = new SnappyOutputStream(System.out)) {
                    System.in.transferTo(out);
                }
                break;
            case "d":
                new SnappyInputStream(System.in).transferTo(System.out);
                System.out.flush();
                break;
            default:
                throw new IllegalArgumentException(args[0]);
        }
    }
}
