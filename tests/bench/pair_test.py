"""Pairing: which reference belongs to a series, and that a ratio is taken round by round."""

import unittest

import invented
from invented import document, packet, series

import pair
import read
import stats
import targets


def results(*of_series, **but):
    return read.from_document(document(*of_series, **but), "invented")


def ours(found, **labels):
    return found.select("packet", "sluice", **labels)[0]


class ByRound(unittest.TestCase):
    def test_ratios_are_of_the_same_round(self):
        # Net 20, 40, 60 over net 10, 40, 20.
        found = results(packet("F0", [100, 200, 300]), packet("F1", [110, 240, 320]),
                        packet("sluice", [120, 240, 360]))
        self.assertEqual(pair.against(found, ours(found)).values, (2, 1, 3))
        self.assertEqual(pair.against(found, ours(found)).reference, "F1")

    def test_a_median_of_ratios_is_no_ratio_of_medians(self):
        found = results(packet("F0", [0, 0, 0]), packet("F1", [1, 10, 100]), packet("sluice", [100, 20, 10]))
        values = pair.against(found, ours(found)).values
        self.assertEqual(values, (100, 2, 0.1))
        self.assertEqual(stats.median(values), 2)

    def test_a_round_whose_reference_is_not_above_the_floor_is_dropped(self):
        found = results(packet("F0", [10, 10, 10]), packet("F1", [20, 10, 20]), packet("sluice", [30, 30, 30]))
        ratio = pair.against(found, ours(found))
        self.assertEqual((ratio.values, ratio.dropped), ((2, 2), 1))

    def test_no_ratio_where_most_rounds_are_dropped(self):
        found = results(packet("F0", [10, 10, 10]), packet("F1", [9, 9, 20]), packet("sluice", [30, 30, 30]))
        self.assertIsNone(pair.against(found, ours(found)))


class Reference(unittest.TestCase):
    def test_new_flows_are_set_against_f2(self):
        found = results(packet("F0", [0]), packet("F1", [1]), packet("F2", [10]),
                        packet("sluice", [15], case="new-pod-peer"))
        ratio = pair.against(found, ours(found))
        self.assertEqual((ratio.reference, ratio.values), ("F2", (1.5,)))

    def test_ipv6_has_its_own_floor_and_shares_f1(self):
        found = results(packet("F0", [10]), packet("F0", [30], family="IPv6"), packet("F1", [20]),
                        packet("sluice", [50], family="IPv6"))
        self.assertEqual(pair.against(found, ours(found)).values, (2,))

    def test_each_use_of_the_driver_has_its_own_floor(self):
        found = results(packet("F0", [10], driver="plain"), packet("F0", [15], driver="fragment"), packet("F1", [20]),
                        packet("sluice", [25], case="fragment", driver="fragment"), packet("sluice", [25]))
        self.assertEqual([pair.net(found, s) for s in found.select("packet", "sluice")], [[10], [15]])
        self.assertEqual(pair.against(found, ours(found)).values, (1,))

    def test_nothing_is_net_of_another_floor(self):
        found = results(packet("F0", [10], driver="plain"), packet("F1", [20]),
                        packet("sluice", [25], case="denied-peer", driver="reports"))
        self.assertIsNone(pair.net(found, ours(found)))

    def test_never_of_another_group_or_number_of_tuples(self):
        found = results(packet("F0", [1]), packet("F1", [2], group="other"), packet("F1", [2], tuples="65536"),
                        packet("sluice", [3]))
        self.assertIsNone(pair.against(found, ours(found)))

    def test_on_the_wire_against_no_program(self):
        wire = {"suite": "wire", "group": "bulk", "case": "bulk", "unit": "ns per KiB"}
        found = results(series("none", [100, 200], **wire), series("sluice", [125, 250], **wire, policies="10000"),
                        series("none", [1, 1], **{**wire, "case": "cpu"}))
        self.assertEqual(pair.faster(found, found.select("wire", "sluice")[0]).values, (0.8, 0.8))

    def test_programming_against_the_raw_batch_of_the_same_map(self):
        prog = {"suite": "change", "group": "p", "case": "programming", "unit": "ns per entry"}
        found = results(series("raw", [50], **prog, map="a"), series("raw", [60], **prog, map="b"),
                        series("sluice", [80], **prog, map="b"))
        self.assertEqual(pair.faster(found, found.select("change", "sluice")[0]).values, (0.75,))


class Growth(unittest.TestCase):
    large = {"addresses": "100000", "policies": "10000"}

    def test_in_one_group_by_round(self):
        found = results(packet("F0", [10, 20]), packet("F1", [20, 30]), packet("sluice", [30, 60]),
                        packet("sluice", [32, 61], **self.large))
        big, small = ours(found, **self.large), ours(found, addresses="")
        self.assertIs(pair.twin(found, big, addresses=10, policies=10), small)
        self.assertEqual(pair.grown(found, big, small), ([1.1, 1.025], "same rounds"))

    def test_across_groups_each_in_its_own_reference(self):
        # The second group ran at half the speed: 2 x F1 against 2 x F1 is no growth.
        found = results(packet("F0", [10]), packet("F1", [20]), packet("sluice", [30]),
                        packet("F0", [20], group="b"), packet("F1", [40], group="b"),
                        packet("sluice", [60], group="b", **self.large))
        big = ours(found, **self.large)
        self.assertEqual(pair.grown(found, big, pair.twin(found, big, addresses=10, policies=10))[0], [1])


class Axis(unittest.TestCase):
    def test_only_what_has_several_sizes_and_of_the_group_that_varies_it(self):
        found = results(packet("F0", [0]), packet("sluice", [1]), packet("sluice", [1], protocol="UDP"),
                        packet("F0", [0], group="b"), packet("sluice", [2], group="b"),
                        packet("sluice", [3], group="b", cidrs="100"), packet("sluice", [9], ranges="5"))
        self.assertEqual([s.rounds for s in pair.on_axis(found, "cidrs")], [(2,), (3,)])
        self.assertEqual(pair.on_axis(found, "fill"), [])

    def test_many_remotes_have_a_twin_with_few(self):
        found = results(packet("sluice", [1], cidrs="100"),
                        packet("sluice", [2], group="b", cidrs="100", remotes="4096"))
        many = ours(found, remotes="4096")
        few = tuple(label for label in pair.kind(many) if label[0] != "remotes")
        self.assertEqual(pair.twin(found, many, few).rounds, (1,))


class Targets(unittest.TestCase):
    def row(self, found, words):
        target = next(t for t in targets.TARGETS if t.case.startswith(words))
        worst, count = target.worst(found)
        return (worst and round(worst.value, 3), count, worst is not None and target.reached(worst))

    def test_the_worst_direction_decides(self):
        found = results(packet("F0", [0]), packet("F1", [10]), packet("sluice", [13]),
                        packet("sluice", [15], case="established-reply"))
        self.assertEqual(self.row(found, "established, either direction, IPv4"), (1.5, 2, False))

    def test_other_sizes_and_tuples_do_not_count(self):
        found = results(packet("F0", [0]), packet("F1", [10]), packet("sluice", [13]),
                        packet("sluice", [99], addresses="1000"), packet("sluice", [99], tuples="65536"))
        self.assertEqual(self.row(found, "established, either direction, IPv4"), (1.3, 1, False))

    def test_cold_ones_are_judged_apart(self):
        cold = {"addresses": "100000", "remotes": "4096", "group": "cold"}
        found = results(packet("F0", [0], group="cold"), packet("F1", [10], group="cold"), packet("sluice", [8], **cold),
                        packet("F0", [0]), packet("F1", [10]), packet("sluice", [13]))
        self.assertEqual(self.row(found, "cold: established"), (0.8, 1, True))
        self.assertEqual(self.row(found, "established, either direction, IPv4"), (1.3, 1, False))

    def test_the_same_in_two_groups_counts_once(self):
        found = results(packet("F0", [0]), packet("F1", [10]), packet("sluice", [13]), packet("F0", [0], group="b"),
                        packet("F1", [10], group="b"), packet("sluice", [14], group="b"))
        self.assertEqual(self.row(found, "established, either direction, IPv4"), (1.3, 1, False))

    def test_p99_of_events_in_ms(self):
        found = results(series("sluice", [500] * 98 + [900, 1100], suite="change", case="pod-added", unit="us",
                               what="event-to-write", pods="100000", policies="10000", local="110"))
        self.assertEqual(self.row(found, "one pod changed"), (0.902, 1, False))

    def test_at_least_is_judged_the_other_way(self):
        wire = {"suite": "wire", "group": "bulk", "case": "bulk", "unit": "ns per KiB"}
        found = results(series("none", [97], **wire), series("sluice", [100], **wire, policies="10000"),
                        series("sluice", [300], **wire, policies="10"))
        self.assertEqual(self.row(found, "bulk"), (97, 1, True))

    def test_resident_of_the_largest_size_only(self):
        size = {"pods": "100000", "policies": "10000", "local": "110"}
        found = results(facts=[invented.fact("resident_bytes", 300 << 20, **size),
                               invented.fact("resident_bytes", 900 << 20, **{**size, "local": "500"})])
        self.assertEqual(self.row(found, "the same: resident"), (300, 1, False))

    def test_what_floods_lost_and_what_the_others_had_beside_them(self):
        flood = {"suite": "flood", "group": "syn", "unit": "us", "flood": "syn"}
        found = results(series("sluice", [50], case="connection", **flood),
                        series("unrelated", [40], case="connection", **flood),
                        series("sluice", [11], case="round-trip-p99", **flood),
                        series("unrelated", [10], case="round-trip-p99", **flood),
                        facts=[invented.fact("connections_lost", lost, suite="flood", flood=kind)
                               for kind, lost in (("syn", 0), ("udp", 3))])
        self.assertEqual(self.row(found, "floods"), (3, 2, False))
        self.assertEqual(self.row(found, "the same: other pods' new"), (80, 1, False))
        self.assertEqual(self.row(found, "the same: 99th"), (1.1, 1, True))

    def test_nothing_measured_is_not_reached_either(self):
        for target in targets.TARGETS:
            self.assertEqual(target.worst(results()), (None, 0), target.case)


if __name__ == "__main__":
    unittest.main()
