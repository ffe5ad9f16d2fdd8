#!/usr/bin/env perl
# Applies a mutant (tests/mutants/README.md has the format) to a copy of the sources.
#
#   plant.pl MUTANT TREE
#
# Ends with 1 and one line if something that the mutant looks for is not in its file exactly once.
use strict;
use warnings;

my ($mutant, $tree) = @ARGV;
die "usage: plant.pl MUTANT TREE\n" unless defined $tree;

sub whole {
  my ($path) = @_;
  local $/;
  open(my $in, '<', $path) or die "$mutant: cannot read $path\n";
  return scalar <$in>;
}

my ($head, @edits) = split /^file: /m, whole($mutant);
die "$mutant: needs a line file:\n" unless @edits;
for my $edit (@edits) {
  my ($file, $find, $replace) = $edit =~ /\A(\S+)\nfind:\n(.*?)^replace:\n(.*)\z/ms
    or die "$mutant: after file: needs the lines find: and replace:\n";
  my $code  = whole("$tree/$file");
  my $count = () = $code =~ /\Q$find\E/g;
  die "$mutant: what it looks for is in $file $count times\n" unless $count == 1;
  substr($code, index($code, $find), length $find) = $replace;
  open(my $out, '>', "$tree/$file") or die "cannot write $file\n";
  print $out $code;
}
