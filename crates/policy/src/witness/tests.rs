use super::Witnesses;
use crate::formula::{Bound, Constant, Fact, Formula};
use crate::residual::{Possible, Sample, Suppose as _};

fn about(name: &str, fact: Fact) -> Formula {
    Formula::Argument(name.to_owned(), fact)
}

#[test]
fn each_argument_is_tried_around_every_constant() {
    let compared = [
        about("n", Fact::Less(10, Bound::Excluded)),
        about("n", Fact::OneOf(vec![Constant::Whole(3)])),
        about("t", Fact::IsTrue),
    ];
    let witnesses = Witnesses::of(compared.iter());
    let tried = |name: &str| {
        let mut samples: Vec<String> =
            witnesses.iter().filter_map(|witness| Some(format!("{:?}", witness.argument(name)?))).collect();
        samples.sort();
        samples.dedup();
        samples.join(" ")
    };
    assert_eq!(witnesses.count(), 28);
    assert_eq!(witnesses.iter().count(), 28);
    assert_eq!(tried("n"), "Absent Other Whole(10) Whole(11) Whole(2) Whole(3) Whole(4)");
    assert_eq!(tried("t"), "Absent Bool(false) Bool(true) Other");
    assert_eq!(tried("other"), "", "of what no condition compares nothing is supposed");
}

#[test]
fn a_number_at_the_end_of_its_range_has_one_neighbour() {
    for end in [i64::MIN, i64::MAX] {
        let compared = about("n", Fact::Less(end, Bound::Included));
        assert_eq!(Witnesses::of([&compared].into_iter()).count(), 4);
    }
}

#[test]
fn what_is_supposed_is_what_comes_out() {
    let name = "a";
    let flag = about(name, Fact::IsTrue);
    let (truth, falsity, error) = ((true, false), (false, true), (false, false));
    for (fact, sample, want) in [
        (Fact::Exists, Sample::Absent, falsity),
        (Fact::Exists, Sample::Other, truth),
        (Fact::IsTrue, Sample::Bool(true), truth),
        (Fact::IsTrue, Sample::Text("true"), error),
        (Fact::Less(2, Bound::Excluded), Sample::Whole(2), falsity),
        (Fact::Less(2, Bound::Included), Sample::Whole(2), truth),
        (Fact::Less(2, Bound::Included), Sample::Decimal(2), error),
        (Fact::Less(2, Bound::Included), Sample::Absent, error),
        (Fact::OneOf(vec![Constant::Whole(2)]), Sample::Decimal(2), falsity),
        (Fact::OneOf(vec![Constant::Text("x".to_owned())]), Sample::Text("x"), truth),
        (Fact::OneOf(vec![]), Sample::Absent, error),
    ] {
        let formula = about(name, fact);
        let all = [&formula, &flag];
        let witnesses = Witnesses::of(all.into_iter());
        let found: Vec<(bool, bool)> = witnesses
            .iter()
            .filter(|witness| witness.argument(name) == Some(sample))
            .map(|witness| Possible::of(&formula, &witness))
            .map(|Possible { truth, falsity }| (truth, falsity))
            .collect();
        // A value that these conditions do not need is not tried.
        assert!(found.iter().all(|found| *found == want), "{formula:?} {sample:?}: {found:?}");
    }
}
