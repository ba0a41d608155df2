/* The sender of spead2's tutorial with random samples, against which a whole
 * pipeline is measured: spead2's own library, and numbers as the tutorial draws
 * them.
 * Usage: randomsender sequential|overlapped HOST PORT HEAP-SIZE PACKET-SIZE HEAPS
 * sequential: a heap is drawn, then sent, then the next is drawn (the tutorial's
 * second version); overlapped: the next one is drawn while one is being sent.
 * Prints the seconds from the first draw to the last heap's end.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <future>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <boost/asio.hpp>
#include <spead2/common_defines.h>
#include <spead2/common_thread_pool.h>
#include <spead2/send_heap.h>
#include <spead2/send_stream_config.h>
#include <spead2/send_udp.h>

namespace {

constexpr std::int64_t timestamp_id = 0x1600;
constexpr std::int64_t samples_id = 0x3300;

struct Buffer {
  std::vector<std::int8_t> samples;
  std::unique_ptr<spead2::send::heap> heap;
  std::future<spead2::item_pointer_t> sent;

  void
  wait ()
  {
    if (sent.valid ())
      sent.get ();
  }
};

void
describe (spead2::send::heap &heap, std::size_t heap_size)
{
  spead2::descriptor timestamp, samples;

  timestamp.id = timestamp_id;
  timestamp.name = "timestamp";
  timestamp.description = "Index of the first sample";
  timestamp.format.emplace_back ('u', 40);
  samples.id = samples_id;
  samples.name = "adc_samples";
  samples.description = "ADC converter output";
  samples.numpy_header = "{'shape': (" + std::to_string (heap_size) +
      ",), 'fortran_order': False, 'descr': 'i1'}";
  heap.add_descriptor (timestamp);
  heap.add_descriptor (samples);
}

} // namespace

int
main (int argc, char **argv)
{
  if (argc != 7) {
    std::fprintf (stderr, "Usage: %s sequential|overlapped HOST PORT HEAP-SIZE "
                          "PACKET-SIZE HEAPS\n", argv[0]);
    return 2;
  }
  const std::size_t n_buffers = std::strcmp (argv[1], "overlapped") == 0 ? 2 : 1;
  const boost::asio::ip::udp::endpoint endpoint (
      boost::asio::ip::make_address (argv[2]), std::stoi (argv[3]));
  const std::size_t heap_size = std::stoul (argv[4]);
  const std::int64_t n_heaps = std::stoll (argv[6]);

  spead2::thread_pool pool (1);
  spead2::send::stream_config config;
  config.set_rate (0.0);
  config.set_max_packet_size (std::stoul (argv[5]));
  spead2::send::udp_stream stream (pool, {endpoint}, config);

  std::default_random_engine engine;
  std::uniform_int_distribution<std::int8_t> distribution (-100, 100);
  std::array<Buffer, 2> buffers;
  for (auto &buffer : buffers)
    buffer.samples.resize (heap_size);

  const auto begin = std::chrono::steady_clock::now ();
  for (std::int64_t i = 0; i < n_heaps; i++) {
    Buffer &buffer = buffers[i % n_buffers];

    buffer.wait ();
    for (auto &sample : buffer.samples)
      sample = distribution (engine);
    buffer.heap = std::make_unique<spead2::send::heap> ();
    if (i == 0)
      describe (*buffer.heap, heap_size);
    buffer.heap->add_item (timestamp_id, i * std::int64_t (heap_size));
    buffer.heap->add_item (samples_id, buffer.samples.data (), heap_size, true);
    buffer.sent =
        stream.async_send_heap (*buffer.heap, boost::asio::use_future);
  }
  for (auto &buffer : buffers)
    buffer.wait ();
  const std::chrono::duration<double> took =
      std::chrono::steady_clock::now () - begin;
  std::printf ("%.6f seconds\n", took.count ());

  spead2::send::heap end;
  end.add_end ();
  stream.async_send_heap (end, boost::asio::use_future).get ();
  return 0;
}
