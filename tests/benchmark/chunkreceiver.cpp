/* A chunk receiver on spead2's own library, which is the fastest way that spead2 has to
 * receive small heaps: the payload of many heaps is placed in one chunk of 1 MiB, and
 * complete chunks are counted and used again in the receiving thread, without a hand-over.
 * Usage: chunkreceiver PORT BUFFER-BYTES HEAP-BYTES. Ends at the stop heap or SIGINT, and
 * prints "Received N heaps".
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <future>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include <boost/asio.hpp>
#include <spead2/common_defines.h>
#include <spead2/common_thread_pool.h>
#include <spead2/recv_chunk_stream.h>
#include <spead2/recv_stream.h>
#include <spead2/recv_udp.h>

namespace {

using Chunk = std::unique_ptr<spead2::recv::chunk>;

constexpr std::int64_t timestamp_id = 0x1600;
constexpr std::size_t max_packet_size = 9200;
constexpr std::size_t n_chunks = 2;
/* Heaps with descriptors are longer than the others, and lie behind them. */
constexpr std::size_t extra_room = 65536;

/* Where heaps go, and how many have come. It is used by the stream's thread alone, until
 * the stream has stopped. */
class Places {
public:
  explicit Places (std::size_t heap_size)
    : heap_size (heap_size),
      heaps_per_chunk (std::max<std::size_t> (1, (1 << 20) / heap_size))
  {
    for (std::size_t i = 0; i <= n_chunks; i++) {
      auto chunk = std::make_unique<spead2::recv::chunk> ();
      const std::size_t size = (heaps_per_chunk + 1) * heap_size + extra_room;

      chunk->present_size = heaps_per_chunk;
      chunk->present = std::make_unique<std::uint8_t[]> (heaps_per_chunk);
      chunk->data = std::make_unique<std::uint8_t[]> (size);
      /* Its pages exist before the first packet comes. */
      std::memset (chunk->data.get (), 0, size);
      free.push_back (std::move (chunk));
    }
  }

  std::size_t received = 0;

  void
  place (spead2::recv::chunk_place_data *data) const
  {
    const auto timestamp = data->items[0], length = data->items[1];

    if (timestamp < 0 || length < 0)
      return; // the stop heap
    const std::size_t heap = timestamp / heap_size;

    data->chunk_id = heap / heaps_per_chunk;
    data->heap_index = heap % heaps_per_chunk;
    if (static_cast<std::size_t> (length) == heap_size)
      data->heap_offset = data->heap_index * heap_size;
    else if (static_cast<std::size_t> (length) <= heap_size + extra_room)
      data->heap_offset = heaps_per_chunk * heap_size;
    else
      data->chunk_id = -1;
  }

  Chunk
  take ()
  {
    Chunk chunk = std::move (free.back ());

    free.pop_back ();
    std::memset (chunk->present.get (), 0, chunk->present_size);
    return chunk;
  }

  void
  give_back (Chunk &&chunk)
  {
    const std::uint8_t *present = chunk->present.get ();

    received +=
        std::accumulate (present, present + chunk->present_size, std::size_t (0));
    free.push_back (std::move (chunk));
  }

private:
  std::size_t heap_size, heaps_per_chunk;
  std::vector<Chunk> free;
};

class Stream : public spead2::recv::chunk_stream {
public:
  using chunk_stream::chunk_stream;

  ~Stream () override { stop (); }

  void
  stop_received () override
  {
    chunk_stream::stop_received ();
    ended.set_value ();
  }

  std::promise<void> ended;
};

} // namespace

int
main (int argc, char **argv)
{
  if (argc != 4) {
    std::fprintf (stderr, "Usage: %s PORT BUFFER-BYTES HEAP-BYTES\n", argv[0]);
    return 2;
  }
  Places places (std::stoul (argv[3]));
  spead2::recv::chunk_stream_config config;
  config.set_items ({timestamp_id, spead2::HEAP_LENGTH_ID});
  config.set_max_chunks (n_chunks);
  config.set_place ([&] (auto *data, std::size_t) { places.place (data); });
  config.set_allocate ([&] (std::int64_t, std::uint64_t *) { return places.take (); });
  config.set_ready (
      [&] (Chunk &&chunk, std::uint64_t *) { places.give_back (std::move (chunk)); });

  spead2::thread_pool pool (1), stopper (1);
  Stream stream (pool, spead2::recv::stream_config (), config);
  boost::asio::signal_set signals (stopper.get_io_context (), SIGINT);
  signals.async_wait ([&] (const boost::system::error_code &error, int) {
    if (!error)
      stream.stop ();
  });
  stream.emplace_reader<spead2::recv::udp_reader> (
      boost::asio::ip::udp::endpoint (
          boost::asio::ip::make_address ("127.0.0.1"), std::stoi (argv[1])),
      max_packet_size, std::stoul (argv[2]));

  stream.ended.get_future ().get ();
  signals.cancel ();
  stream.stop ();
  std::printf ("Received %zu heaps\n", places.received);
  return 0;
}
