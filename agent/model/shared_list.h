// SharedList: a list that copies share until one of them is changed: policies say the same selectors and networks again and
// again, and the compiler names them once more. SharedLists makes equal ones of many policies one.
//
// A SharedList is a value; copies may be read and changed by different threads. SharedLists has one owner.
#pragma once

#include <compare>
#include <initializer_list>
#include <memory>
#include <set>
#include <utility>
#include <vector>

namespace sluice::model {

// T: with <=>.
template <typename T>
class SharedList {
 public:
  using List = std::vector<T>;
  using value_type = T;
  using const_iterator = typename List::const_iterator;

  SharedList() = default;
  SharedList(std::initializer_list<T> all) : SharedList(List(all)) {}
  // NOLINTNEXTLINE(google-explicit-constructor): a list is written where one is due, as a vector's is
  SharedList(List all) : all_(all.empty() ? nullptr : std::make_shared<List>(std::move(all))) {}

  const List& all() const {
    static const List none;
    return all_ ? *all_ : none;
  }
  const_iterator begin() const { return all().begin(); }
  const_iterator end() const { return all().end(); }
  size_t size() const { return all().size(); }
  bool empty() const { return all().empty(); }
  const T& operator[](size_t index) const { return all()[index]; }
  const T& at(size_t index) const { return all().at(index); }

  // This one's own list: copies keep theirs. Good until the next copy.
  List& edit() {
    if (is_alone()) {
      // A decrement sees all that was read by whoever let go of it before; to count alone does not ([util.smartptr]).
      auto once_more = all_;
      once_more.reset();
    }
    if (!all_ || !is_alone()) all_ = std::make_shared<List>(all());
    return *all_;
  }
  void push_back(T one) { edit().push_back(std::move(one)); }

  bool is_alone() const { return all_.use_count() == 1; }
  bool shares_with(const SharedList& other) const { return all_ == other.all_; }
  friend bool operator==(const SharedList& a, const SharedList& b) {
    return a.shares_with(b) || a.all() == b.all();
  }
  friend auto operator<=>(const SharedList& a, const SharedList& b) { return a.all() <=> b.all(); }

 private:
  std::shared_ptr<List> all_;  // nullptr: none
};

template <typename T>
class SharedLists {
 public:
  SharedLists() = default;
  // It is part of values that are copied and compared, and is nothing of what they mean.
  SharedLists(const SharedLists&) {}
  SharedLists(SharedLists&&) noexcept = default;
  // NOLINTNEXTLINE(cert-oop54-cpp): nothing is taken over
  SharedLists& operator=(const SharedLists&) { return *this; }
  SharedLists& operator=(SharedLists&&) noexcept = default;
  bool operator==(const SharedLists&) const { return true; }

  // Takes the list of an equal one that was shared before, if there is any.
  void share(SharedList<T>& list) {
    if (list.empty()) {
      list = {};
      return;
    }
    list = *known_.insert(list).first;
    if (known_.size() <= most_) return;
    std::erase_if(known_, [](const SharedList<T>& one) { return one.is_alone(); });
    most_ = 2 * known_.size() + 64;
  }
  size_t size() const { return known_.size(); }

 private:
  // In their order, and by no hash: tenants choose what they say. Some of them nobody else has any more.
  std::set<SharedList<T>> known_;
  size_t most_ = 64;  // beyond which the latter are looked for
};

}  // namespace sluice::model
