namespace rs echo

struct Item {
    1: required i64 id,
    2: required string name,
    3: required list<i32> values,
}

service Echo {
    Item echo(1: required Item item),
    Item echo_after_yield(1: required Item item),
    Item echo_after_nap(1: required Item item),
    binary blob(1: required binary bytes),
}
