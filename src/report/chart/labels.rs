//! Names beside what they name, moved apart where they would overlap.

use super::frame::{BODY, SMALL, fitted, mark};
use super::palette::Ink;
use super::picture::{Label, Picture};

/// A name at the right end of a line.
pub struct Tag {
    /// Where it would like to stand.
    pub y: i32,
    /// Its colour.
    pub ink: Ink,
    /// Its mark; `None`: no mark.
    pub mark: Option<usize>,
    /// The name.
    pub name: String,
    /// A second, smaller line; may be empty.
    pub detail: String,
}

/// Draws names in a column between two margins, each as near to its place as the others let
/// it.
pub fn column(
    picture: &mut Picture,
    mut tags: Vec<Tag>,
    left: i32,
    limits: (i32, i32),
    right: i32,
) {
    let height = tags.iter().map(|tag| if tag.detail.is_empty() { 30 } else { 58 }).max();
    let height = height.unwrap_or(30);
    tags.sort_by_key(|tag| tag.y);
    let wanted: Vec<i32> = tags.iter().map(|tag| tag.y).collect();
    for (tag, y) in tags.iter().zip(apart(&wanted, height, limits)) {
        let mut x = left;
        if let Some(place) = tag.mark {
            mark(picture, (x + 10, y), place, tag.ink, 8);
            x += 30;
        }
        let name = fitted(&tag.name, BODY, true, right - x);
        picture.text(Label::new((x, y), BODY, name).bold().ink(tag.ink));
        let detail = fitted(&tag.detail, SMALL, false, right - x);
        picture.text(Label::new((x, y + 26), SMALL, detail).ink(Ink::Muted));
    }
}

/// Rising places at least `height` apart within the limits (as far as there is room).
fn apart(wanted: &[i32], height: i32, (top, bottom): (i32, i32)) -> Vec<i32> {
    let mut places = wanted.to_vec();
    let mut least = top;
    for place in &mut places {
        *place = (*place).max(least);
        least = *place + height;
    }
    let mut most = bottom - height / 2;
    for place in places.iter_mut().rev() {
        *place = (*place).min(most);
        most = *place - height;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_move_apart_and_stay_within_the_limits() {
        assert_eq!(apart(&[100, 105, 300], 30, (0, 400)), [100, 130, 300]);
        assert_eq!(apart(&[380, 390, 395], 30, (0, 400)), [325, 355, 385]);
    }
}
