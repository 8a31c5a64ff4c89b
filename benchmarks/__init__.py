"""What alcca costs beside what else there is: ``python -m benchmarks`` lists them."""
