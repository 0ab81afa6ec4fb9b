import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.nodes.GroupMember;
import org.apache.curator.retry.RetryNTimes;
import org.apache.curator.x.discovery.ServiceDiscovery;
import org.apache.curator.x.discovery.ServiceDiscoveryBuilder;
import org.apache.curator.x.discovery.ServiceInstance;
import org.apache.curator.x.discovery.UriSpec;

/** A service's instance and a group's member of Curator's, beside those of another client. */
public final class CuratorNeighbour {
    public static void main(String[] arguments) throws Exception {
        try (CuratorFramework client = CuratorFrameworkFactory.newClient(arguments[0], new RetryNTimes(10, 100))) {
            client.start();
            ServiceInstance<Void> own = ServiceInstance.<Void>builder().name("orders").id("curator").address("10.0.0.2").port(9090)
                .uriSpec(new UriSpec("{scheme}://{address}:{port}")).build();
            try (ServiceDiscovery<Void> discovery = ServiceDiscoveryBuilder.builder(Void.class).client(client).basePath("/services")
                    .thisInstance(own).build()) {
                discovery.start();
                GroupMember member = new GroupMember(client, "/group", "curator", "from curator".getBytes("UTF-8"));
                member.start();
                Scanner input = new Scanner(System.in);
                System.out.println("registered");
                equal("look", input.nextLine(), "the line on standard input");
                ServiceInstance<Void> found = discovery.queryForInstance("orders", "quoll");
                equal("10.0.0.1 8080 8443 true http://10.0.0.1:8080/x", found.getAddress() + " " + found.getPort() + " " + found.getSslPort()
                    + " " + found.isEnabled() + " " + found.buildUriSpec(), "the instance");
                equal(2, discovery.queryForInstances("orders").size(), "the number of instances");
                System.out.println("ok service");
                long deadline = System.nanoTime() + 30_000_000_000L;
                while (member.getCurrentMembers().size() < 2 && System.nanoTime() < deadline) {
                    Thread.sleep(10);
                }
                Map<String, byte[]> members = member.getCurrentMembers();
                List<String> names = new ArrayList<>(members.keySet());
                Collections.sort(names);
                equal("[curator, quoll]", names.toString(), "the members");
                equal("from quoll", new String(members.get("quoll"), "UTF-8"), "the payload");
                System.out.println("ok member");
                member.close();
            }
        }
        System.out.println("ok left");
    }

    private static void equal(Object expected, Object actual, String what) {
        if (!expected.equals(actual)) {
            throw new AssertionError(what + ": expected " + expected + ", got " + actual);
        }
    }
}
