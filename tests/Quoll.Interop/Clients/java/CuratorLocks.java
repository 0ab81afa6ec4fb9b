import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.concurrent.CountDownLatch;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderSelector;
import org.apache.curator.framework.recipes.leader.LeaderSelectorListenerAdapter;
import org.apache.curator.framework.recipes.locks.InterProcessLock;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.locks.Lease;
import org.apache.curator.retry.RetryNTimes;
import org.apache.zookeeper.CreateMode;

/**
 * Curator's locks and elections at the same paths as another client's. Each line on standard input has something taken or given back; whoever
 * has something says so by an ephemeral znode below /held, and complains of whoever is there and should not be.
 */
public final class CuratorLocks {
    private static final int LEASES = 2;
    private final CuratorFramework client;
    private final Map<String, CountDownLatch> given = new HashMap<>();
    private final Map<String, Thread> threads = new HashMap<>();

    private CuratorLocks(CuratorFramework client) {
        this.client = client;
    }

    public static void main(String[] arguments) throws Exception {
        try (CuratorFramework client = CuratorFrameworkFactory.newClient(arguments[0], new RetryNTimes(10, 100))) {
            client.start();
            CuratorLocks locks = new CuratorLocks(client);
            Scanner input = new Scanner(System.in);
            while (input.hasNextLine()) {
                String[] words = input.nextLine().split(" ");
                if (words[0].equals("take")) {
                    locks.take(words[1], words[2]);
                } else {
                    locks.give(words[1]);
                }
            }
        }
        System.out.println("end");
    }

    // A lock of Curator's belongs to a thread.
    private void take(String kind, String mode) {
        CountDownLatch until = new CountDownLatch(1);
        given.put(kind, until);
        Thread thread = new Thread(() -> {
            try {
                run(kind, mode, until);
                System.out.println("ok gave " + kind);
            } catch (Throwable e) {
                e.printStackTrace();
                Runtime.getRuntime().halt(1);
            }
        });
        threads.put(kind, thread);
        thread.start();
    }

    private void give(String kind) throws InterruptedException {
        given.remove(kind).countDown();
        threads.remove(kind).join();
    }

    private void run(String kind, String mode, CountDownLatch until) throws Exception {
        switch (kind) {
            case "lock":
                runLocked(new InterProcessMutex(client, "/lock"), kind, mode, until);
                break;
            case "read":
                runLocked(new InterProcessReadWriteLock(client, "/book").readLock(), kind, mode, until);
                break;
            case "write":
                runLocked(new InterProcessReadWriteLock(client, "/book").writeLock(), kind, mode, until);
                break;
            case "lease":
                InterProcessSemaphoreV2 semaphore = new InterProcessSemaphoreV2(client, "/semaphore", LEASES);
                try (Lease lease = semaphore.acquire()) {
                    hold(kind, mode, until);
                }
                break;
            case "latch":
                try (LeaderLatch latch = new LeaderLatch(client, "/election", "curator")) {
                    latch.start();
                    latch.await();
                    hold(kind, mode, until);
                }
                break;
            case "selector":
                select(kind, mode, until);
                break;
            default:
                throw new IllegalArgumentException(kind);
        }
    }

    private void runLocked(InterProcessLock lock, String kind, String mode, CountDownLatch until) throws Exception {
        lock.acquire();
        hold(kind, mode, until);
        lock.release();
    }

    private void select(String kind, String mode, CountDownLatch until) throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        List<Throwable> failures = new ArrayList<>();
        try (LeaderSelector selector = new LeaderSelector(client, "/selection", new LeaderSelectorListenerAdapter() {
            @Override
            public void takeLeadership(CuratorFramework own) {
                try {
                    hold(kind, mode, until);
                } catch (Throwable e) {
                    failures.add(e);
                }
                over.countDown();
            }
        })) {
            selector.start();
            over.await();
        }
        if (!failures.isEmpty()) {
            throw new AssertionError(failures.get(0));
        }
    }

    private void hold(String kind, String mode, CountDownLatch until) throws Exception {
        String mark = client.create().withMode(CreateMode.EPHEMERAL_SEQUENTIAL).forPath("/held/" + mode + "-curator-");
        List<String> others = client.getChildren().forPath("/held");
        others.remove(mark.substring("/held/".length()));
        boolean tooMany = mode.equals("lease") && others.size() >= LEASES;
        if (tooMany || others.stream().anyMatch(other -> mode.equals("alone") || other.startsWith("alone"))) {
            throw new AssertionError(kind + " is held beside " + others);
        }
        System.out.println("ok has " + kind);
        until.await();
        client.delete().forPath(mark);
    }
}
