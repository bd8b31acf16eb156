"""Statistics, held against numbers reckoned by hand."""

import unittest

import invented  # noqa: F401  (finds bench/report)
import stats


class Statistics(unittest.TestCase):
    def test_quantiles_are_linear_between_neighbours(self):
        for values, q, expected in (([3], 0.9, 3), ([1, 2], 0.5, 1.5), ([4, 1, 3, 2, 5], 0.5, 3),
                                    ([0, 10], 0.1, 1), (range(101), 0.99, 99)):
            with self.subTest(values=values, q=q):
                self.assertAlmostEqual(stats.quantile(values, q), expected)

    def test_interval_holds_the_change_and_leaves_one_out(self):
        before = [10, 10.1, 10.2, 9.9, 9.8, 10.3, 9.7, 10.05]
        low, middle, high = stats.quotient_interval([1.2 * x for x in before], before)
        self.assertTrue(1 < low < 1.2 < high, (low, high))
        self.assertAlmostEqual(middle, 1.2, delta=0.01)

    def test_interval_of_the_same_holds_one(self):
        rounds = [10, 11, 9, 10.5, 9.5, 10.2, 9.9]
        low, middle, high = stats.quotient_interval(rounds, rounds)
        self.assertTrue(low < 1 < high)
        self.assertAlmostEqual(middle, 1)

    def test_few_rounds_give_all_that_was_seen(self):
        self.assertEqual(stats.quotient_interval([2, 4], [1, 2]), (1, 2, 4))

    def test_nothing_to_divide_by(self):
        self.assertIsNone(stats.quotient_interval([1, 2], [0, -1]))
        self.assertIsNone(stats.quotient_interval([0, 0, 3], [0, 0, 3]))

    def test_the_same_with_some_noughts_is_the_same(self):
        rounds = [0, 5, 6, 0, 4, 5.5, 4.5, 5]
        self.assertAlmostEqual(stats.quotient_interval(rounds, rounds)[1], 1)

    def test_thinning_keeps_order_and_number(self):
        self.assertEqual(stats.thin(list(range(1000)), 4), [0, 250, 500, 750])
        self.assertEqual(stats.thin([1, 2], 4), [1, 2])


if __name__ == "__main__":
    unittest.main()
